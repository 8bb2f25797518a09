import { Logger } from '@nestjs/common';
import type { JobAttempt, JobInsert } from 'pg-boss';
import type { EntityManager } from 'typeorm';
import type { PostackDatabase } from '../../database/postack-database.js';
import { GroupCommit } from '../../database/group-commit.js';
import { OutageLog } from '../../errors/outage-log.js';
import { retryUntilSuccess } from '../../database/retry-until-success.js';
import type { Handler } from '../../listeners/handler.js';
import type { NewOutcome, Outcomes } from '../outcomes/outcomes.js';
import type { PgBossService } from '../../jobs/pg-boss.service.js';
import { groupJob, type DeliveryJob } from './delivery-job.js';

/** A job that is finished with, and what is to be known of it. */
export interface JobOutcome {
  job: JobAttempt;
  /** Absent when there is nothing (more) to record. */
  outcome?: NewOutcome;
  /** The job that takes its place. */
  retry?: JobInsert<DeliveryJob>;
  /** Of an ordered listener: the line that goes on with its next event, if there is one. */
  lineGoesOn?: string;
}

/** More in one transaction would only make it longer. */
const MAX_BATCH = 500;

/** What is finished meanwhile makes the next transaction larger, and all of them cheaper. */
const MAX_IN_FLIGHT = 1;

/** Longer than any outage that a process is meant to sit out: a settlement is tried until it is committed. */
const NEVER_MS = 7 * 86_400_000;

/** A job has been given to somebody else meanwhile: this process was taken for dead. Undoes the transaction. */
class LapsedClaimError extends Error {
  override readonly name = 'LapsedClaimError';
}

/**
 * Settles jobs, many in one transaction: outcome and job change together or not at all, so that a job is gone if and
 * only if its outcome is recorded. While PostgreSQL is away, settlements wait for it.
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
    this.#commits = new GroupCommit((settlements) => this.#commit(settlements), {
      maxBatchSize: MAX_BATCH,
      maxInFlight: MAX_IN_FLIGHT,
      timeoutMs: NEVER_MS,
    });
  }

  /** Resolves once it is committed, or another process has taken the job over; rejects when it is given up. */
  add(settlement: JobOutcome): Promise<void> {
    return this.#commits.add(settlement);
  }

  /** Gives up what PostgreSQL does not take: the jobs are taken over by other processes. */
  stop(): void {
    this.#stopping.abort();
  }

  async #commit(settlements: JobOutcome[]): Promise<PromiseSettledResult<void>[]> {
    await retryUntilSuccess(
      async () => {
        // Some claims may have lapsed meanwhile: those are somebody else's now.
        if (await this.#tryTogether(settlements)) return;
        for (const settlement of settlements) await this.#tryTogether([settlement]);
      },
      {
        outage: this.#outage,
        what: `Outcomes of ${this.handler.name} cannot be recorded`,
        stop: this.#stopping.signal,
      },
    );
    return settlements.map(() => ({ status: 'fulfilled', value: undefined }));
  }

  /** All of them in one transaction; false, and nothing is changed, when a job is not ours any more. */
  async #tryTogether(settlements: readonly JobOutcome[]): Promise<boolean> {
    try {
      await this.database.transaction((manager) => this.#settle(settlements, manager));
      return true;
    } catch (error) {
      if (error instanceof LapsedClaimError) return false;
      throw error;
    }
  }

  /** @throws {LapsedClaimError} */
  async #settle(settlements: readonly JobOutcome[], manager: EntityManager): Promise<void> {
    const { name, queue } = this.handler;
    const db = this.jobs.within(manager);
    const deleted = (await this.jobs.boss.deleteJob(
      queue,
      settlements.map(({ job: { id, retryCount } }) => ({ id, retryCount })),
      { db },
    )) as { affected: number };
    if (deleted.affected < settlements.length) throw new LapsedClaimError();
    await this.outcomes.record(
      name,
      settlements.flatMap(({ outcome }) => outcome ?? []),
      manager,
    );
    const next = settlements.flatMap(({ retry }) => retry ?? []);
    const lines = settlements.flatMap(({ lineGoesOn }) => lineGoesOn ?? []);
    for (const orderKey of await this.outcomes.waitingLines(name, lines, manager)) {
      next.push(groupJob(orderKey));
    }
    if (next.length > 0) await this.jobs.boss.insert(queue, next, { db });
  }
}
