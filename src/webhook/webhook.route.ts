import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { type AbstractHttpAdapter, HttpAdapterHost } from '@nestjs/core';
import { JobsOptions } from '../jobs/jobs.options.js';
import { Shutdown } from '../jobs/shutdown.js';
import { bindHttpRoute } from './bindings/http-binding.js';
import { interceptRequests, isNodeServer } from './bindings/node-server.intercept.js';
import { RouteProbe } from './bindings/route-probe.js';
import { RouteSelfCheck } from './bindings/route-self-check.js';
import { ServerDrain } from './server-drain.js';
import { WebhookController } from './webhook.controller.js';
import type { WebhookEndpoint } from './webhook-endpoint.js';
import { WebhookOptions } from './webhook.options.js';

/**
 * Binds `POST <path>` on the application's HTTP adapter, ahead of everything of the application: no body parser sees
 * the bytes, and no global prefix, version, pipe, guard, interceptor, filter, middleware or Fastify hook can move the
 * route, refuse an authentic event or change an answer. Nor do they observe requests: those are in the log and in
 * `WebhookCounters`. A self-check at boot proves it.
 */
@Injectable()
export class WebhookRoute implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger('Postack');
  readonly #checksOnBootstrap: (() => Promise<void>)[] = [];
  #drain: ServerDrain | undefined;

  constructor(
    private readonly options: WebhookOptions,
    private readonly jobs: JobsOptions,
    private readonly adapterHost: HttpAdapterHost,
    private readonly controller: WebhookController,
    private readonly shutdown: Shutdown,
  ) {}

  /** @throws {ConfigurationError} when the application has such a route of its own (Fastify). */
  onModuleInit(): void {
    // Optional at run time: an application context (a worker, a script) has no HTTP adapter.
    const adapter = this.adapterHost.httpAdapter as HttpAdapterHost['httpAdapter'] | undefined;
    const server: unknown = adapter?.getHttpServer();
    if (adapter && this.jobs.accepts) this.#bindAll(adapter, server);
    if (isNodeServer(server)) this.#drain = new ServerDrain(server);
  }

  /** @throws {ConfigurationError} when no webhook could reach the route. */
  async onApplicationBootstrap(): Promise<void> {
    for (const check of this.#checksOnBootstrap) await check();
  }

  /** The first step of a shutdown: from now on, webhooks get 503. */
  onModuleDestroy(): void {
    const deadline = this.shutdown.begin();
    this.#drain?.begin(deadline);
  }

  #bindAll(adapter: AbstractHttpAdapter, server: unknown): void {
    for (const problem of this.options.routeProblems)
      this.#logger.error(`Not receiving webhooks: ${problem}`);
    for (const endpoint of this.options.routes) this.#bind(endpoint, adapter, server);
  }

  #bind(endpoint: WebhookEndpoint, adapter: AbstractHttpAdapter, server: unknown): void {
    const { path } = endpoint;
    const probe = new RouteProbe(path, (request, response) => {
      void this.controller.receive(endpoint, request, response);
    });
    const binding = bindHttpRoute(adapter, path, probe.handler);
    const isIntercepted = interceptRequests(server, path, probe.handler, binding.listener);

    const check = new RouteSelfCheck(path, binding, probe, isIntercepted);
    const checkLibrary = () => check.checkLibrary();
    if (binding.onReady) binding.onReady(checkLibrary);
    else this.#checksOnBootstrap.push(checkLibrary);
    check.checkWhenListening(server);
    const which = this.options.endpoints.length > 0 ? ` (endpoint ${endpoint.name})` : '';
    this.#logger.log(`Receiving webhooks at POST ${path}${which}`);
  }
}
