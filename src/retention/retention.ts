import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { PostackDatabase } from '../database/postack-database.js';
import { RetentionChunks } from './retention-chunks.js';
import { UndecidedEvents } from '../dispatch/outcomes/undecided-events.js';
import { RETENTION_STEPS, type RetentionStep } from './retention-progress.entity.js';
import { Shutdown } from '../jobs/shutdown.js';
import { RetentionOptions } from './retention.options.js';

/** Result of one run of retention. */
export interface RetentionReport {
  /** Events whose payload was removed. */
  payloadsRemoved: number;
  /** Events that were removed, with their outcomes. */
  eventsRemoved: number;
  /** Events that are quarantined or unhandled: they are kept until an operator decides. */
  undecided: number;
  /** Whether everything due was processed; otherwise the next run continues. */
  isComplete: boolean;
}

/** Events in one transaction: about 10 ms of work. More would save little, and delay other commits. */
const CHUNK_SIZE = 500;

/** Pause after each chunk, as a multiple of the time that the chunk took: longer when PostgreSQL is busy. */
const PAUSE_FACTOR = 9;

/** Longer runs end here; the next one continues. */
const LONGEST_RUN_MS = 9 * 60_000;

/**
 * Removes old data: first the payloads of events, later the events themselves. Only of settled events; the others wait
 * until they are. In small transactions with pauses in between, so that accepting keeps its speed. Runs on a schedule,
 * see `RetentionSchedule`; `run` may be called at any time, in any process.
 */
@Injectable()
export class Retention implements OnModuleDestroy {
  readonly #logger = new Logger('PostackRetention');
  readonly #chunks: RetentionChunks | undefined;
  #running: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly options: RetentionOptions,
    private readonly shutdown: Shutdown,
    private readonly undecided: UndecidedEvents,
    database: PostackDatabase,
  ) {
    if (options.retention) this.#chunks = new RetentionChunks(database, options.retention, CHUNK_SIZE);
  }

  /** Removes everything that is due. Ends early at the shutdown, after 9 minutes, or when `signal` is aborted. */
  async run(signal?: AbortSignal): Promise<RetentionReport> {
    if (!this.#chunks) return { payloadsRemoved: 0, eventsRemoved: 0, undecided: 0, isComplete: true };
    const stop = AbortSignal.any([this.shutdown.signal, ...(signal ? [signal] : [])]);
    const run = this.#run(this.#chunks, stop);
    this.#running = Promise.allSettled([this.#running, run]).then(() => undefined);
    return run;
  }

  /**
   * Waits for the running chunk, whose connection is about to be closed. In this hook, because it comes before the one in
   * which pg-boss is stopped and waits for running jobs.
   */
  async onModuleDestroy(): Promise<void> {
    await Promise.race([this.shutdown.begin(), this.#running]);
  }

  async #run(chunks: RetentionChunks, stop: AbortSignal): Promise<RetentionReport> {
    const started = performance.now();
    const report: RetentionReport = { payloadsRemoved: 0, eventsRemoved: 0, undecided: 0, isComplete: false };
    const open = new Set<RetentionStep>(RETENTION_STEPS);
    try {
      // In turns, so that a backlog in one step does not delay the others.
      while (open.size > 0 && performance.now() - started < LONGEST_RUN_MS) {
        for (const step of open) {
          if (stop.aborted) return report;
          const chunkStarted = performance.now();
          const { payloadsRemoved, eventsRemoved, hasMore } = await chunks.take(step);
          report.payloadsRemoved += payloadsRemoved;
          report.eventsRemoved += eventsRemoved;
          if (!hasMore) open.delete(step);
          else await pause((performance.now() - chunkStarted) * PAUSE_FACTOR, stop);
        }
      }
      report.isComplete = open.size === 0;
      const { quarantined, unhandled } = await this.undecided.count();
      report.undecided = quarantined + unhandled;
      return report;
    } finally {
      this.#tell(report, (performance.now() - started) / 1000);
    }
  }

  #tell({ payloadsRemoved, eventsRemoved, undecided, isComplete }: RetentionReport, seconds: number): void {
    if (!this.options.retention || payloadsRemoved + eventsRemoved === 0) return;
    const { payloadDays, eventDays } = this.options.retention;
    this.#logger.log(
      `Removed ${payloadsRemoved} payloads of events older than ${payloadDays} days and ${eventsRemoved} events ` +
        `older than ${eventDays} days in ${seconds.toFixed(1)} s${isComplete ? '' : '; more events remain for the next run'}` +
        (undecided === 0
          ? ''
          : `. ${undecided} events that are quarantined or unhandled are kept until an operator decides: GET /api/v1/wire-format`),
    );
  }
}

async function pause(ms: number, stop: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal: stop }).catch(() => undefined);
}
