import { Injectable, Logger } from '@nestjs/common';
import { GroupCommit } from '../../database/group-commit.js';
import { isRowFault } from '../../database/row-fault.js';
import { retryUntilSuccess } from '../../database/retry-until-success.js';
import { loggableError } from '../../errors/loggable-error.js';
import { OutageLog } from '../../errors/outage-log.js';
import type { Outcome } from './held-delivery.js';
import { Ledger } from './ledger.js';

/** A larger statement would take longer without being cheaper for each row. */
const MAX_BATCH_SIZE = 500;

/** Outcomes that arrive during a commit make the next one larger, and each of them cheaper. */
const MAX_IN_FLIGHT = 1;

/** Effectively no limit: an outcome is retried until it is committed, through any outage. */
const TIMEOUT_MS = 7 * 86_400_000;

/** Commits the outcomes of this process's calls, many in one statement. Retried during an outage of PostgreSQL. */
@Injectable()
export class Settlements {
  readonly #logger = new Logger('PostackDispatch');
  readonly #outage = new OutageLog(this.#logger);
  readonly #commits: GroupCommit<Outcome, void>;
  readonly #stopping = new AbortController();
  /** Since when outcomes have been waiting for their commit, by `performance.now()`; `Infinity` when none is. */
  waitingSinceMs = Infinity;

  constructor(private readonly ledger: Ledger) {
    this.#commits = new GroupCommit((outcomes) => this.#commit(outcomes), {
      maxBatchSize: MAX_BATCH_SIZE,
      maxInFlight: MAX_IN_FLIGHT,
      timeoutMs: TIMEOUT_MS,
    });
  }

  /** Resolves once it is committed. Rejects after `stop`. */
  add(outcome: Outcome): Promise<void> {
    return this.#commits.add(outcome);
  }

  /** Stops retrying: deliveries whose outcome is not committed are released by other processes. */
  stop(): void {
    this.#stopping.abort();
  }

  async #commit(outcomes: Outcome[]): Promise<PromiseSettledResult<void>[]> {
    this.waitingSinceMs = performance.now();
    await retryUntilSuccess(() => this.#settle(outcomes), {
      outage: this.#outage,
      what: 'Outcome recording',
      stop: this.#stopping.signal,
    });
    this.waitingSinceMs = Infinity;
    return outcomes.map(() => ({ status: 'fulfilled', value: undefined }));
  }

  /** An outcome that PostgreSQL refuses affects only its own delivery. */
  async #settle(outcomes: readonly Outcome[]): Promise<void> {
    try {
      await this.ledger.settle(outcomes);
    } catch (error) {
      if (!isRowFault(error)) throw error;
      if (outcomes.length > 1) {
        for (const outcome of outcomes) await this.#settle([outcome]);
        return;
      }
      const [outcome] = outcomes;
      if (!outcome) return;
      const { handler, stored } = outcome.held;
      this.#logger.error(
        `${handler.name}: PostgreSQL refused to store the error of event ${stored.event.id}; storing a note instead: ` +
          loggableError(error),
      );
      await this.ledger.settle([{ ...outcome, error: new Error('PostgreSQL refused to store the error') }]);
    }
  }
}
