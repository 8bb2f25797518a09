import { Logger } from '@nestjs/common';
import type { JobAttempt, JobInsert } from 'pg-boss';
import type { EntityManager } from 'typeorm';
import { GroupCommit } from '../../database/group-commit.js';
import type { PostackDatabase } from '../../database/postack-database.js';
import { retryUntilSuccess } from '../../database/retry-until-success.js';
import { OutageLog } from '../../errors/outage-log.js';
import type { PgBossService } from '../../jobs/pg-boss.service.js';
import type { Handler } from '../../listeners/handler.js';
import type { NewOutcome, Outcomes } from '../outcomes/outcomes.js';
import { groupJob, type DeliveryJob } from './delivery-job.js';

/** The outcome of a job, which is deleted. */
export interface JobOutcome {
  job: JobAttempt;
  /** The outcome to record; absent when the job is stale or given back, or the call has recorded it. */
  record?: NewOutcome;
  /** The job to insert in its place. */
  retry?: JobInsert<DeliveryJob>;
  /** Order key of a message group: a job is inserted for its next event, if one is waiting. */
  continueGroup?: string;
}

/** A larger transaction would take longer without being cheaper for each job. */
const MAX_BATCH_SIZE = 500;

/** Outcomes that arrive during a commit make the next one larger, and each of them cheaper. */
const MAX_IN_FLIGHT = 1;

/** Effectively no limit: an outcome is retried until it is committed, through any outage. */
const TIMEOUT_MS = 7 * 86_400_000;

/** A job was taken over by another process, which considered this one dead. Rolls back the transaction. */
class JobTakenOverError extends Error {
  override readonly name = 'JobTakenOverError';
}

/**
 * Commits the outcomes of a handler's jobs, many in one transaction. A job is deleted in the transaction that records
 * its outcome, so it is gone if and only if the outcome is recorded. Retried during an outage of PostgreSQL.
 */
export class JobOutcomes {
  readonly #outage = new OutageLog(new Logger('PostackDispatch'));
  readonly #commits: GroupCommit<JobOutcome, void>;
  readonly #stopping = new AbortController();

  constructor(
    private readonly handler: Handler,
    private readonly database: PostackDatabase,
    private readonly jobs: PgBossService,
    private readonly outcomes: Outcomes,
  ) {
    this.#commits = new GroupCommit((outcomes) => this.#commit(outcomes), {
      maxBatchSize: MAX_BATCH_SIZE,
      maxInFlight: MAX_IN_FLIGHT,
      timeoutMs: TIMEOUT_MS,
    });
  }

  /** Resolves once it is committed, or another process has taken over the job. Rejects after `stop`. */
  add(outcome: JobOutcome): Promise<void> {
    return this.#commits.add(outcome);
  }

  /** Stops retrying: jobs whose outcome is not committed are taken over by other processes. */
  stop(): void {
    this.#stopping.abort();
  }

  async #commit(outcomes: JobOutcome[]): Promise<PromiseSettledResult<void>[]> {
    await retryUntilSuccess(
      async () => {
        if (await this.#tryCommit(outcomes)) return;
        // Some jobs were taken over: commit the others.
        for (const outcome of outcomes) await this.#tryCommit([outcome]);
      },
      {
        outage: this.#outage,
        what: `Outcome recording for ${this.handler.name}`,
        stop: this.#stopping.signal,
      },
    );
    return outcomes.map(() => ({ status: 'fulfilled', value: undefined }));
  }

  /** Commits them in one transaction. Changes nothing and resolves to `false` when a job was taken over. */
  async #tryCommit(outcomes: readonly JobOutcome[]): Promise<boolean> {
    try {
      await this.database.transaction((manager) => this.#write(outcomes, manager));
      return true;
    } catch (error) {
      if (error instanceof JobTakenOverError) return false;
      throw error;
    }
  }

  /** @throws {JobTakenOverError} */
  async #write(outcomes: readonly JobOutcome[], manager: EntityManager): Promise<void> {
    const { name, queue } = this.handler;
    const db = this.jobs.within(manager);
    const deleted = (await this.jobs.boss.deleteJob(
      queue,
      outcomes.map(({ job: { id, retryCount } }) => ({ id, retryCount })),
      { db },
    )) as { affected: number };
    if (deleted.affected < outcomes.length) throw new JobTakenOverError();
    await this.outcomes.record(
      name,
      outcomes.flatMap(({ record }) => record ?? []),
      manager,
    );
    const next = outcomes.flatMap(({ retry }) => retry ?? []);
    const groups = outcomes.flatMap(({ continueGroup }) => continueGroup ?? []);
    for (const orderKey of await this.outcomes.waitingGroups(name, groups, manager)) {
      next.push(groupJob(orderKey));
    }
    if (next.length > 0) await this.jobs.boss.insert(queue, next, { db });
  }
}
