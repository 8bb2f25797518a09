import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { PostackDatabase } from '../database/postack-database.js';
import { RetentionChunks } from './retention-chunks.js';
import { RETENTION_STEPS, type RetentionStep } from './retention-progress.entity.js';
import { Shutdown } from '../jobs/shutdown.js';
import { RetentionOptions } from './retention.options.js';

/** What one run of retention has done. */
export interface RetentionReport {
  /** Events that have lost their body, and nothing else. */
  payloadsRemoved: number;
  /** Events that have been removed wholly, with their outcomes. */
  eventsRemoved: number;
  /** Whether everything that is due has been looked at; if not, the next run goes on from there. */
  isComplete: boolean;
}

/** Events in one transaction: some 10 ms of work. More would save little, and hold up others' commits. */
const CHUNK_SIZE = 500;

/** After each chunk, PostgreSQL is left alone for so many times as long as the chunk took: longer when it is busy. */
const PAUSE_FACTOR = 9;

/** Longer runs end here, to be gone on with by the next one. */
const LONGEST_RUN_MS = 9 * 60_000;

/**
 * Removes what need not be kept any longer: first the bodies of events, later the events themselves. Only of events
 * that are settled; the others wait until they are. In small transactions with pauses between, so that accepting goes
 * on at full speed. Runs by itself, see `RetentionSchedule`; `run` may be called at any time, in any process.
 */
@Injectable()
export class Retention implements OnModuleDestroy {
  readonly #logger = new Logger('PostackRetention');
  readonly #chunks: RetentionChunks | undefined;
  #running: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly options: RetentionOptions,
    private readonly shutdown: Shutdown,
    database: PostackDatabase,
  ) {
    if (options.retention) this.#chunks = new RetentionChunks(database, options.retention, CHUNK_SIZE);
  }

  /** Removes all that is due; stops early when the application does, after 9 minutes, or when `signal` says so. */
  async run(signal?: AbortSignal): Promise<RetentionReport> {
    if (!this.#chunks) return { payloadsRemoved: 0, eventsRemoved: 0, isComplete: true };
    const stop = AbortSignal.any([this.shutdown.signal, ...(signal ? [signal] : [])]);
    const run = this.#run(this.#chunks, stop);
    this.#running = Promise.allSettled([this.#running, run]).then(() => undefined);
    return run;
  }

  /**
   * Lets the chunk under way finish: the connection that it is on is about to be closed. In this hook, because it comes
   * before those in which pg-boss is stopped, and waits for the jobs of this process.
   */
  async onModuleDestroy(): Promise<void> {
    await Promise.race([this.shutdown.begin(), this.#running]);
  }

  async #run(chunks: RetentionChunks, stop: AbortSignal): Promise<RetentionReport> {
    const started = performance.now();
    const report: RetentionReport = { payloadsRemoved: 0, eventsRemoved: 0, isComplete: false };
    const open = new Set<RetentionStep>(RETENTION_STEPS);
    try {
      // In turns: however much has piled up in one step, the others go on.
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
      return report;
    } finally {
      this.#tell(report, (performance.now() - started) / 1000);
    }
  }

  #tell({ payloadsRemoved, eventsRemoved, isComplete }: RetentionReport, seconds: number): void {
    if (!this.options.retention || payloadsRemoved + eventsRemoved === 0) return;
    const { payloadDays, eventDays } = this.options.retention;
    this.#logger.log(
      `Removed ${payloadsRemoved} bodies of events older than ${payloadDays} days and ${eventsRemoved} events older than ` +
        `${eventDays} days in ${seconds.toFixed(1)} s${isComplete ? '' : '; there is more, for the next run'}`,
    );
  }
}

async function pause(ms: number, stop: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal: stop }).catch(() => undefined);
}
