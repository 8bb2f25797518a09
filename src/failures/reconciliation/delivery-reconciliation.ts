import { Injectable, Logger } from '@nestjs/common';
import { UNSETTLED_STATES } from '../../messages/delivery-state.js';
import { MessageStore } from '../../messages/message-store.js';
import { MessageEntity } from '../../messages/message.entity.js';
import { loggableError } from '../../errors/loggable-error.js';
import { PostackDatabase } from '../../database/postack-database.js';
import { PostackApiError, PostackRefusedError } from '../../postack-api/postack-api-errors.js';
import { PostackClient, type PostackMessage } from '../../postack-api/postack-client.js';
import { FailureQueue } from '../reactions/failure-queue.js';
import { factsOf } from './delivery-lookup.js';
import { ReconciliationProgress } from './reconciliation-progress.js';
import { PostackApiOptions } from '../../postack-api/postack-api.options.js';
import { FailuresOptions } from '../failures.options.js';

/** What one run has come to. */
export interface ReconciliationReport {
  /** Messages that Postack has told the state of. */
  asked: number;
  /** Of these, so many had come to an end, and the receipt was missing. */
  reconciled: number;
  /** Messages that have expired. */
  expired: number;
}

const HOUR_MS = 3_600_000;

/** So many are asked for in one run; the next one goes on. */
const MAX_ASKED = 500;

/** Read at once. */
const PAGE_SIZE = 100;

/** After so many failures in a row, Postack is not asked any more in this run. */
const MAX_FAILURES = 5;

/** When Postack has not answered for so long, what is due for as long has expired without that. */
const LONGEST_WAIT_MS = 24 * HOUR_MS;

type DueMessage = Pick<MessageEntity, 'id' | 'lastEventAt'>;

/**
 * Looks after messages of which no receipt has come: asks Postack what became of them, one by one and at the request
 * rate of everything else, and takes the answer in as if an event had told. A message that has not come to an end by
 * then has expired, which is our own guess: a receipt, however late, overrides it.
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
   * Runs by itself every ten minutes; may be called at any time, in any process.
   *
   * @param signal Ends it between two messages.
   * @param now For tests.
   */
  async run(signal?: AbortSignal, now: Date = new Date()): Promise<ReconciliationReport> {
    const report: ReconciliationReport = { asked: 0, reconciled: 0, expired: 0 };
    const due = new Date(now.getTime() - this.options.expireAfterHours * HOUR_MS);
    await this.progress.adopt(due);
    const { hasAnswers, unanswered } = await this.#askAbout(due, signal, now, report);
    const overdue = new Date(due.getTime() - LONGEST_WAIT_MS);
    if (hasAnswers) {
      await this.progress.answered();
      // Postack answers, but not about these: nor will it.
      for (const { id, lastEventAt } of unanswered) {
        if (lastEventAt < overdue) await this.#settle(id, null, now, report);
      }
    } else if (unanswered.length > 0) {
      const since = await this.progress.unansweredSince(now);
      if (now.getTime() - since.getTime() > LONGEST_WAIT_MS) await this.#giveUp(overdue, signal, now, report);
    }
    if (report.reconciled + report.expired > 0) {
      this.#logger.log(
        `Of messages without receipts, ${report.reconciled} had come to an end, which Postack has told when asked; ` +
          `${report.expired} have expired after ${this.options.expireAfterHours} hours`,
      );
    }
    return report;
  }

  /** Asks about the oldest first, until Postack seems to be away. */
  async #askAbout(
    due: Date,
    signal: AbortSignal | undefined,
    now: Date,
    report: ReconciliationReport,
  ): Promise<{ hasAnswers: boolean; unanswered: DueMessage[] }> {
    const unanswered: DueMessage[] = [];
    let [asked, failures, hasAnswers] = [0, 0, false];
    for await (const message of this.#due(due)) {
      if (asked === MAX_ASKED || failures === MAX_FAILURES) break;
      const answer = await this.#ask(message.id, signal);
      if (signal?.aborted) break;
      if (this.module.api) asked += 1;
      failures = answer === 'failed' ? failures + 1 : 0;
      if (answer === 'failed') unanswered.push(message);
      else {
        hasAnswers = true;
        await this.#settle(message.id, answer, now, report);
      }
    }
    return { hasAnswers, unanswered };
  }

  /** Postack has answered nothing for too long. */
  async #giveUp(
    overdue: Date,
    signal: AbortSignal | undefined,
    now: Date,
    report: ReconciliationReport,
  ): Promise<void> {
    for await (const { id } of this.#due(overdue)) {
      if (signal?.aborted) return;
      await this.#settle(id, null, now, report);
    }
  }

  /** Every message that no receipt has come of by then, the oldest first. */
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

  /** `null` when Postack does not know it, or there is no way to Postack; `failed` when it may know it later. */
  async #ask(id: string, signal: AbortSignal | undefined): Promise<PostackMessage | null | 'failed'> {
    if (!this.module.api) return null;
    try {
      return await this.client.fetch(id, { signal });
    } catch (error) {
      if (signal?.aborted) return 'failed';
      if (isAboutMessage(error)) return null;
      this.#logger.warn(`What became of message ${id} cannot be asked for now: ${loggableError(error)}`);
      return 'failed';
    }
  }

  /** A message that cannot be settled does not keep the others from it. */
  async #settle(
    id: string,
    answer: PostackMessage | null,
    now: Date,
    report: ReconciliationReport,
  ): Promise<void> {
    try {
      await this.#store(id, answer, now, report);
    } catch (error) {
      this.#logger.error(`What became of message ${id} cannot be stored for now: ${loggableError(error)}`);
    }
  }

  async #store(
    id: string,
    answer: PostackMessage | null,
    now: Date,
    report: ReconciliationReport,
  ): Promise<void> {
    const counts = await this.database.transaction(async (manager) => {
      const message = await this.messages.addFacts(id, factsOf(answer, now), manager);
      // A receipt has come meanwhile.
      if (!message) return null;
      const expired = message.state === 'expired' ? 1 : 0;
      const counts = { asked: answer ? 1 : 0, reconciled: 1 - expired, expired };
      await this.progress.count(counts, manager);
      // No event tells of the failure, and has it reacted to.
      if (message.state === 'failed' || message.state === 'undelivered') await this.queue.send(id, manager);
      return counts;
    });
    if (!counts) return;
    report.asked += counts.asked;
    report.reconciled += counts.reconciled;
    report.expired += counts.expired;
  }
}

/** Postack has answered, and does not know the message, or will never tell. */
function isAboutMessage(error: unknown): boolean {
  if (!(error instanceof PostackApiError)) return false;
  return error.causeClass === 'request' || (error instanceof PostackRefusedError && !error.isRetryable);
}
