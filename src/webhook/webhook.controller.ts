import type { IncomingMessage, ServerResponse } from 'node:http';
import { Controller, Logger } from '@nestjs/common';
import { loggableError } from '../errors/loggable-error.js';
import { OutageLog } from '../errors/outage-log.js';
import { Inbox } from '../inbox/inbox.js';
import { Shutdown } from '../jobs/shutdown.js';
import { readRawBody } from './raw-body.js';
import { verifySignature } from './svix-signature.js';
import {
  errorAnswer,
  RECEIPT_ANSWER,
  respond,
  STOPPING_ANSWER,
  type WebhookAnswer,
} from './webhook-answer.js';
import { WebhookCounters } from './webhook-counters.js';
import type { WebhookEndpoint } from './webhook-endpoint.js';
import { WebhookOptions } from './webhook.options.js';

/**
 * Receives webhooks: read, verify, accept, answer. `WebhookRoute` binds it to `POST <path>` of the HTTP library
 * itself, because a Nest route would come after everything that the application applies to its routes.
 */
@Controller()
export class WebhookController {
  readonly #logger = new Logger('Postack');
  readonly #outage = new OutageLog(this.#logger);

  constructor(
    private readonly options: WebhookOptions,
    private readonly inbox: Inbox,
    private readonly counters: WebhookCounters,
    private readonly shutdown: Shutdown,
  ) {}

  /** Answers one request to an endpoint; 204 only once its event is committed. Never rejects. */
  async receive(
    endpoint: WebhookEndpoint,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const answer = this.shutdown.signal.aborted ? STOPPING_ANSWER : await this.#accept(endpoint, request);
    this.counters.count(answer.outcome);
    respond(response, answer);
  }

  async #accept({ name, path, secrets }: WebhookEndpoint, request: IncomingMessage): Promise<WebhookAnswer> {
    const { bodyLimitBytes, bodyTimeoutMs, timestampToleranceMs } = this.options;
    try {
      const body = await readRawBody(request, bodyLimitBytes, bodyTimeoutMs);
      const signature = verifySignature(request.headers, body, secrets, timestampToleranceMs);
      const receipt = await this.inbox.accept(name, signature, body);
      this.#outage.recovery();
      return RECEIPT_ANSWER[receipt];
    } catch (error) {
      const answer = errorAnswer(error);
      this.#report(path, answer, error);
      return answer;
    }
  }

  #report(path: string, { status, outcome }: WebhookAnswer, error: unknown): void {
    if (status < 500) this.#logger.warn(`Webhook rejected with ${status}: ${outcome}`);
    else if (outcome === 'already-read') {
      this.#logger.error(
        `Webhook answered with ${status}: other code read the body of POST ${path} first. Let Nest ` +
          'see the request before anything reads it: signatures cover the exact bytes.',
      );
    } else {
      // Postack sends them again; the recovery says how many there were.
      this.#outage.failure(`Accepting webhooks (${status}, ${outcome})`, whole(error));
    }
  }
}

/** With the text of its cause. */
function whole(error: unknown): unknown {
  if (!(error instanceof Error) || error.cause === undefined) return error;
  return { name: error.name, message: `${error.message}: ${loggableError(error.cause)}` };
}
