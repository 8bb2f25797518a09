import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { captureRawBody } from './raw-body.js';
import { bindExpressRoute } from './bindings/express.binding.js';
import { bindFastifyRoute } from './bindings/fastify.binding.js';
import { interceptRequests } from './bindings/node-server.intercept.js';
import { SvixSignatureGuard } from './svix-signature.guard.js';
import { errorAnswer, RECEIPT_ANSWER, type WebhookAnswer } from './webhook-answer.js';
import { WebhookController } from './webhook.controller.js';
import { WebhookCounters } from './webhook-counters.js';
import { JobsOptions } from '../jobs/jobs.options.js';
import { WebhookOptions } from './webhook.options.js';

/**
 * Binds `POST <path>` on the host's HTTP adapter, ahead of everything of the host's: the bytes are captured
 * before any body parser sees them, and no global prefix, version, pipe, guard, interceptor, filter, middleware or
 * Fastify hook can move the route, refuse an authentic event or change an answer. Nor do they hear of it: what
 * came in stands in the log and in `WebhookCounters`.
 */
@Injectable()
export class WebhookRoute implements OnModuleInit {
  readonly #logger = new Logger('Postack');

  constructor(
    private readonly options: WebhookOptions,
    private readonly jobs: JobsOptions,
    private readonly adapterHost: HttpAdapterHost,
    private readonly guard: SvixSignatureGuard,
    private readonly controller: WebhookController,
    private readonly counters: WebhookCounters,
  ) {}

  onModuleInit(): void {
    // Optional at run time: an application context (a worker, a script) has no HTTP adapter.
    const adapter = this.adapterHost.httpAdapter as HttpAdapterHost['httpAdapter'] | undefined;
    if (!adapter || !this.jobs.accepts) return;
    const bind = { express: bindExpressRoute, fastify: bindFastifyRoute }[adapter.getType()];
    if (!bind) {
      throw new Error(
        `PostackModule runs on Express and on Fastify, not on the HTTP adapter "${adapter.getType()}"`,
      );
    }
    const { path } = this.options;
    const handler = (request: IncomingMessage, response: ServerResponse) => {
      void this.#handle(request, response);
    };
    const library = bind(adapter.getInstance(), path, handler);
    interceptRequests(adapter.getHttpServer(), path, handler, library);
    this.#logger.log(`Receiving webhooks at POST ${path}`);
  }

  /** The whole of a request: bytes, guard, controller, answer. Never rejects. */
  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, headers, body } = await this.#answer(request, response);
    // Something around the whole application may have given up waiting and answered.
    if (response.headersSent) return;
    response.writeHead(status, headers);
    response.end(body);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<WebhookAnswer> {
    let answer: WebhookAnswer;
    try {
      await captureRawBody(request, this.options.bodyLimitBytes, this.options.bodyTimeoutMs);
      // eslint-disable-next-line @typescript-eslint/unbound-method -- only names the handler
      const handler = WebhookController.prototype.receive;
      this.guard.canActivate(new ExecutionContextHost([request, response], WebhookController, handler));
      answer = RECEIPT_ANSWER[await this.controller.receive(request)];
    } catch (error) {
      answer = errorAnswer(error);
      this.#report(answer);
    }
    this.counters.count(answer.outcome);
    return answer;
  }

  #report({ status, outcome, error }: WebhookAnswer): void {
    if (status < 500) this.#logger.warn(`Webhook refused with ${status}: ${outcome}`);
    else if (outcome === 'already-read') {
      this.#logger.error(
        `Webhook answered with ${status}: something has read the body of POST ${this.options.path} before this ` +
          'module could. Let Nest see the request first: signatures are made over the exact bytes.',
      );
    } else this.#logger.error(`Webhook answered with ${status}: ${outcome}`, describe(error));
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message;
}
