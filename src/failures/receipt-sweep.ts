import { Inject, Injectable, Logger } from '@nestjs/common';
import { In, LessThanOrEqual, type DataSource, type EntityManager } from 'typeorm';
import { UNSETTLED_STATES } from '../messages/delivery-state.js';
import { MessageStore } from '../messages/message-store.js';
import { MessageEntity } from '../messages/message.entity.js';
import { loggableError } from '../loggable-error.js';
import { POSTACK_DATA_SOURCE } from '../postack.data-source.js';
import { POSTACK_OPTIONS, type ResolvedPostackOptions } from '../postack.options.js';
import { PostackApiError } from '../postack-api/postack-api-errors.js';
import { PostackClient, type PostackMessage } from '../postack-api/postack-client.js';
import { causeOf } from './failure-catalogue.js';
import { FAILURE_OPTIONS, type ResolvedFailureOptions } from './failure-options.js';
import { FailureQueue } from './failure-queue.js';
import { recordFailures } from './failure-record.js';
import { factsOf } from './receipt-lookup.js';
import { SweepProgress } from './sweep-progress.js';

/** What one run has come to. */
export interface SweepReport {
  /** Messages that Postack has told the state of. */
  asked: number;
  /** Of these, so many had come to an end, and the receipt was missing. */
  repaired: number;
  /** Messages that have expired. */
  expired: number;
}

const HOUR_MS = 3_600_000;

/** A run ends here; the next one goes on. */
const MESSAGES_AT_ONCE = 500;

/** After so many failures in a row, Postack is not asked any more for now. */
const MAX_FAILURES = 3;

/** What cannot be asked for so long has expired without that. */
const LONGEST_WAIT_MS = 24 * HOUR_MS;

/**
 * Looks after messages of which no receipt has come: asks Postack what became of them, one by one and at the request
 * rate of everything else, and takes the answer in as if an event had told. A message that has not come to an end by
 * then has expired, which is our own guess: a receipt, however late, overrides it.
 */
@Injectable()
export class ReceiptSweep {
  readonly #logger = new Logger('PostackFailures');

  constructor(
    @Inject(POSTACK_OPTIONS) private readonly module: ResolvedPostackOptions,
    @Inject(FAILURE_OPTIONS) private readonly options: ResolvedFailureOptions,
    @Inject(POSTACK_DATA_SOURCE) private readonly dataSource: DataSource,
    private readonly messages: MessageStore,
    private readonly client: PostackClient,
    private readonly progress: SweepProgress,
    private readonly queue: FailureQueue,
  ) {}

  /**
   * Runs by itself every ten minutes; may be called at any time, in any process.
   *
   * @param signal Ends it between two messages.
   * @param now For tests.
   */
  async run(signal?: AbortSignal, now: Date = new Date()): Promise<SweepReport> {
    const report: SweepReport = { asked: 0, repaired: 0, expired: 0 };
    const due = new Date(now.getTime() - this.options.expireAfterHours * HOUR_MS);
    await this.progress.adopt(due);
    let failures = 0;
    for (const { id, lastEventAt } of await this.#due(due)) {
      if (signal?.aborted || failures >= MAX_FAILURES) break;
      const answer = await this.#ask(id, signal);
      failures = answer === 'failed' ? failures + 1 : 0;
      if (answer !== 'failed') await this.#settle(id, answer, now, report);
      else if (due.getTime() - lastEventAt.getTime() > LONGEST_WAIT_MS) {
        await this.#settle(id, null, now, report);
      }
    }
    if (report.repaired + report.expired > 0) {
      this.#logger.log(
        `Of messages without receipts, ${report.repaired} had come to an end, which Postack has told when asked; ` +
          `${report.expired} have expired after ${this.options.expireAfterHours} hours`,
      );
    }
    return report;
  }

  #due(due: Date): Promise<Pick<MessageEntity, 'id' | 'lastEventAt'>[]> {
    return this.dataSource.getRepository(MessageEntity).find({
      select: { id: true, lastEventAt: true },
      where: { state: In([...UNSETTLED_STATES]), lastEventAt: LessThanOrEqual(due) },
      order: { lastEventAt: 'ASC' },
      take: MESSAGES_AT_ONCE,
    });
  }

  /** `null` when Postack does not know it, or there is no way to Postack; `failed` when it may know it later. */
  async #ask(id: string, signal: AbortSignal | undefined): Promise<PostackMessage | null | 'failed'> {
    if (!this.module.api) return null;
    try {
      return await this.client.fetch(id, { signal });
    } catch (error) {
      if (signal?.aborted) return 'failed';
      if (error instanceof PostackApiError && error.causeClass === 'request') return null;
      this.#logger.warn(`What became of message ${id} cannot be asked for now: ${loggableError(error)}`);
      return 'failed';
    }
  }

  async #settle(id: string, answer: PostackMessage | null, now: Date, report: SweepReport): Promise<void> {
    const counts = await this.dataSource.transaction(async (manager) => {
      const message = await this.messages.addFacts(id, factsOf(answer, now), manager);
      // A receipt has come meanwhile.
      if (!message) return null;
      const expired = message.state === 'expired' ? 1 : 0;
      const counts = { asked: answer ? 1 : 0, repaired: 1 - expired, expired };
      await this.progress.count(counts, manager);
      await this.#record(message, manager);
      return counts;
    });
    if (!counts) return;
    report.asked += counts.asked;
    report.repaired += counts.repaired;
    report.expired += counts.expired;
  }

  /** A message that turns out not to have arrived is a failure like any other, except that no event tells of it. */
  async #record(message: MessageEntity, manager: EntityManager): Promise<void> {
    const { id: messageId, state, errorCode: code, from, to, stateAt: failedAt } = message;
    if (state !== 'failed' && state !== 'undelivered') return;
    const { causeClass } = causeOf(this.options.catalogue, code);
    const report = { messageId, state, code, causeClass, from, to, failedAt, eventId: null };
    await recordFailures([{ ...report, source: 'lookup' }], manager);
    await this.queue.send(messageId, manager);
  }
}
