import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { JobsOptions } from '../jobs/jobs.options.js';
import { bindHttpRoute } from './bindings/http-binding.js';
import { interceptRequests } from './bindings/node-server.intercept.js';
import { RouteProbe } from './bindings/route-probe.js';
import { RouteSelfCheck } from './bindings/route-self-check.js';
import { WebhookController } from './webhook.controller.js';
import { WebhookOptions } from './webhook.options.js';

/**
 * Binds `POST <path>` on the application's HTTP adapter, ahead of everything of the application: no body parser sees
 * the bytes, and no global prefix, version, pipe, guard, interceptor, filter, middleware or Fastify hook can move the
 * route, refuse an authentic event or change an answer. Nor do they observe requests: those are in the log and in
 * `WebhookCounters`. A self-check at boot proves it.
 */
@Injectable()
export class WebhookRoute implements OnModuleInit, OnApplicationBootstrap {
  readonly #logger = new Logger('Postack');
  #checkOnBootstrap: (() => Promise<void>) | undefined;

  constructor(
    private readonly options: WebhookOptions,
    private readonly jobs: JobsOptions,
    private readonly adapterHost: HttpAdapterHost,
    private readonly controller: WebhookController,
  ) {}

  /** @throws {ConfigurationError} when the application has such a route of its own (Fastify). */
  onModuleInit(): void {
    // Optional at run time: an application context (a worker, a script) has no HTTP adapter.
    const adapter = this.adapterHost.httpAdapter as HttpAdapterHost['httpAdapter'] | undefined;
    if (!adapter || !this.jobs.accepts) return;
    const { path } = this.options;
    const probe = new RouteProbe(path, (request, response) => {
      void this.controller.receive(request, response);
    });
    const binding = bindHttpRoute(adapter, path, probe.handler);
    const server: unknown = adapter.getHttpServer();
    const isIntercepted = interceptRequests(server, path, probe.handler, binding.listener);

    const check = new RouteSelfCheck(path, binding, probe, isIntercepted);
    const checkLibrary = () => check.checkLibrary();
    if (binding.onReady) binding.onReady(checkLibrary);
    else this.#checkOnBootstrap = checkLibrary;
    check.checkWhenListening(server);
    this.#logger.log(`Receiving webhooks at POST ${path}`);
  }

  /** @throws {ConfigurationError} when no webhook could reach the route. */
  async onApplicationBootstrap(): Promise<void> {
    await this.#checkOnBootstrap?.();
  }
}
