import { Injectable, Logger } from '@nestjs/common';
import { PostackDatabase } from '../../database/postack-database.js';
import { loggableError } from '../../errors/loggable-error.js';
import { UNSETTLED_STATES } from '../../messages/delivery-state.js';
import { MessageStore } from '../../messages/message-store.js';
import { MessageEntity } from '../../messages/message.entity.js';
import { PostackApiError, PostackRefusedError } from '../../postack-api/postack-api-errors.js';
import { PostackApiOptions } from '../../postack-api/postack-api.options.js';
import { PostackClient, type PostackMessage } from '../../postack-api/postack-client.js';
import { FailuresOptions } from '../failures.options.js';
import { FailureQueue } from '../reactions/failure-queue.js';
import { factsOf } from './delivery-lookup.js';
import { ReconciliationProgress } from './reconciliation-progress.js';

/** Results of one run. */
export interface ReconciliationReport {
  /** Messages whose state Postack returned. */
  asked: number;
  /** Messages found in a final state whose receipt was missing. */
  reconciled: number;
  /** Messages marked as expired. */
  expired: number;
}

const HOUR_MS = 3_600_000;

/** Messages looked up in one run; the next run continues. */
const MAX_LOOKUPS = 500;

const PAGE_SIZE = 100;

/** Consecutive failed lookups after which a run stops querying Postack. */
const MAX_FAILURES = 5;

/** How long past its due time a message waits for a response from Postack before it expires without one. */
const MAX_OVERDUE_MS = 24 * HOUR_MS;

type DueMessage = Pick<MessageEntity, 'id' | 'lastEventAt'>;

/**
 * Finds out the state of messages without a delivery receipt: requests it from Postack, one message at a time within the
 * shared request rate, and applies the response like an event. A message without a final state is marked as expired,
 * which is an assumption: a receipt overrides it, however late it arrives.
 */
@Injectable()
export class DeliveryReconciliation {
  readonly #logger = new Logger('PostackFailures');

  constructor(
    private readonly module: PostackApiOptions,
    private readonly options: FailuresOptions,
    private readonly database: PostackDatabase,
    private readonly messages: MessageStore,
    private readonly client: PostackClient,
    private readonly progress: ReconciliationProgress,
    private readonly queue: FailureQueue,
  ) {}

  /**
   * Scheduled every 10 minutes; can be called at any time, in any process.
   *
   * @param signal Stops it between two messages.
   * @param now For tests.
   */
  async run(signal?: AbortSignal, now: Date = new Date()): Promise<ReconciliationReport> {
    const report: ReconciliationReport = { asked: 0, reconciled: 0, expired: 0 };
    const due = new Date(now.getTime() - this.options.expireAfterHours * HOUR_MS);
    await this.progress.addMessagesWithoutEvents(due);
    const { isResponding, unanswered } = await this.#lookUpDue(due, signal, now, report);
    const overdue = new Date(due.getTime() - MAX_OVERDUE_MS);
    if (isResponding) {
      await this.progress.markResponding();
      // Postack responds, but not for these messages, and is not expected to.
      for (const { id, lastEventAt } of unanswered) {
        if (lastEventAt < overdue) await this.#reconcile(id, null, now, report);
      }
    } else if (unanswered.length > 0) {
      const since = await this.progress.markUnresponsive(now);
      if (now.getTime() - since.getTime() > MAX_OVERDUE_MS) {
        await this.#expireOverdue(overdue, signal, now, report);
      }
    }
    if (report.reconciled + report.expired > 0) {
      this.#logger.log(
        `Reconciled ${report.reconciled} messages without delivery receipts; ${report.expired} expired after ` +
          `${this.options.expireAfterHours} hours`,
      );
    }
    return report;
  }

  /** Looks up due messages, oldest first, until Postack appears to be down. */
  async #lookUpDue(
    due: Date,
    signal: AbortSignal | undefined,
    now: Date,
    report: ReconciliationReport,
  ): Promise<{ isResponding: boolean; unanswered: DueMessage[] }> {
    const unanswered: DueMessage[] = [];
    let [lookups, failures, isResponding] = [0, 0, false];
    for await (const message of this.#due(due)) {
      if (lookups === MAX_LOOKUPS || failures === MAX_FAILURES) break;
      const answer = await this.#lookUp(message.id, signal);
      if (signal?.aborted) break;
      if (this.module.api) lookups += 1;
      failures = answer === 'failed' ? failures + 1 : 0;
      if (answer === 'failed') unanswered.push(message);
      else {
        isResponding = true;
        await this.#reconcile(message.id, answer, now, report);
      }
    }
    return { isResponding, unanswered };
  }

  /** Expires all overdue messages: Postack has not responded for too long. */
  async #expireOverdue(
    overdue: Date,
    signal: AbortSignal | undefined,
    now: Date,
    report: ReconciliationReport,
  ): Promise<void> {
    for await (const { id } of this.#due(overdue)) {
      if (signal?.aborted) return;
      await this.#reconcile(id, null, now, report);
    }
  }

  /** Messages without a final state whose last event is not later than `due`, oldest first. */
  async *#due(due: Date): AsyncGenerator<DueMessage> {
    let last: DueMessage | undefined;
    for (;;) {
      const query = this.database
        .repository(MessageEntity)
        .createQueryBuilder('message')
        .select(['message.id', 'message.lastEventAt'])
        .where('message.state IN (:...states)', { states: UNSETTLED_STATES })
        .andWhere('message.lastEventAt <= :due', { due })
        .orderBy({ 'message.lastEventAt': 'ASC', 'message.id': 'ASC' })
        .limit(PAGE_SIZE);
      if (last)
        query.andWhere('(message.lastEventAt, message.id) > (:at, :id)', {
          at: last.lastEventAt,
          id: last.id,
        });
      const page = await query.getMany();
      yield* page;
      last = page.at(-1);
      if (page.length < PAGE_SIZE) return;
    }
  }

  /** `null` if Postack does not know the message or no API key is configured; `failed` if a later lookup may succeed. */
  async #lookUp(id: string, signal: AbortSignal | undefined): Promise<PostackMessage | null | 'failed'> {
    if (!this.module.api) return null;
    try {
      return await this.client.fetch(id, { signal });
    } catch (error) {
      if (signal?.aborted) return 'failed';
      if (isPermanent(error)) return null;
      this.#logger.warn(
        `Could not fetch the status of message ${id} from Postack; next attempt in 10 minutes: ${loggableError(error)}`,
      );
      return 'failed';
    }
  }

  /** An error does not prevent the reconciliation of other messages. */
  async #reconcile(
    id: string,
    answer: PostackMessage | null,
    now: Date,
    report: ReconciliationReport,
  ): Promise<void> {
    try {
      await this.#apply(id, answer, now, report);
    } catch (error) {
      this.#logger.error(
        `Could not store the status of message ${id}; next attempt in 10 minutes: ${loggableError(error)}`,
      );
    }
  }

  async #apply(
    id: string,
    answer: PostackMessage | null,
    now: Date,
    report: ReconciliationReport,
  ): Promise<void> {
    const counts = await this.database.transaction(async (manager) => {
      const message = await this.messages.addFacts(id, factsOf(answer, now), manager);
      // A receipt has arrived meanwhile.
      if (!message) return null;
      const expired = message.state === 'expired' ? 1 : 0;
      const counts = { asked: answer ? 1 : 0, reconciled: 1 - expired, expired };
      await this.progress.count(counts, manager);
      // No event reports this failure, so no listener reacts to it.
      if (message.state === 'failed' || message.state === 'undelivered') await this.queue.send(id, manager);
      return counts;
    });
    if (!counts) return;
    report.asked += counts.asked;
    report.reconciled += counts.reconciled;
    report.expired += counts.expired;
  }
}

/** Whether Postack responded that it does not know the message, or will reject every lookup of it. */
function isPermanent(error: unknown): boolean {
  if (!(error instanceof PostackApiError)) return false;
  return error.causeClass === 'request' || (error instanceof PostackRefusedError && !error.isRetryable);
}
