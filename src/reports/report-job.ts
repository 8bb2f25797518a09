import { setTimeout as sleep } from 'node:timers/promises';
import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { withoutTracing } from '../events/tracing.js';
import { PostackDatabase } from '../database/postack-database.js';
import { OutageLog } from '../errors/outage-log.js';
import { JobsOptions } from '../jobs/jobs.options.js';
import { Shutdown } from '../jobs/shutdown.js';
import { ReportPass } from './report-pass.js';
import { ReportsOptions } from './reports.options.js';

/** From a mark to the pass that computes it, unless one has just been made: by then, the batch is committed. */
const AFTER_MARK_MS = 200;

/** The pause after a pass is longer than the pass by this factor, which limits its share of the database. */
const PAUSE_FACTOR = 9;
const MAX_PAUSE_MS = 2500;

/** Poll for marks of a transaction that took longer to commit, and for those of a process that died. */
const POLL_AFTER_MARK_MS = 1000;
const POLL_MS = 5000;

/** Computes the figures of reports soon after they have changed, in every process that works. */
@Injectable()
export class ReportJob implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #outage = new OutageLog(new Logger('PostackReports'));
  readonly #pass: ReportPass;
  #running: Promise<boolean> | undefined;
  #loop: Promise<void> = Promise.resolve();
  #markedAtMs = -Infinity;
  #interrupt: () => void = () => undefined;

  constructor(
    private readonly options: ReportsOptions,
    private readonly jobs: JobsOptions,
    private readonly shutdown: Shutdown,
    database: PostackDatabase,
  ) {
    this.#pass = new ReportPass(database.forLongStatements, options.prices?.perSegment ?? null);
  }

  onApplicationBootstrap(): void {
    if (this.options.reports && this.jobs.works) this.#loop = withoutTracing(() => this.#run());
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.race([this.#loop, this.shutdown.begin()]);
  }

  /** There is a mark, or will be soon. */
  wake(): void {
    this.#markedAtMs = performance.now();
    this.#interrupt();
  }

  /** Computes what has changed; joins a pass that is running. @returns whether anything had. */
  pass(): Promise<boolean> {
    return (this.#running ??= this.#pass
      .run(this.shutdown.signal)
      .finally(() => (this.#running = undefined)));
  }

  /** Computes what is due of a rebuild. */
  rebuild(): Promise<void> {
    return this.#pass.rebuild(this.shutdown.signal);
  }

  async #run(): Promise<void> {
    const { signal } = this.shutdown;
    while (!signal.aborted) {
      const startedAt = performance.now();
      const hasWorked = await this.pass().then(
        (worked) => {
          this.#outage.recovery();
          return worked;
        },
        (error: unknown) => {
          if (!signal.aborted) this.#outage.failure('Computing report figures', error);
          return undefined;
        },
      );
      const tookMs = performance.now() - startedAt;
      if (hasWorked === undefined) await pause(MAX_PAUSE_MS, signal);
      else if (hasWorked) await pause(Math.min(MAX_PAUSE_MS, PAUSE_FACTOR * tookMs), signal);
      else await this.#untilMarked(startedAt, signal);
    }
  }

  /** Waits for a mark, or for the next poll. */
  async #untilMarked(passedAtMs: number, signal: AbortSignal): Promise<void> {
    if (this.#markedAtMs < passedAtMs) {
      const isRecent = performance.now() - this.#markedAtMs < POLL_MS;
      const marked = new AbortController();
      this.#interrupt = () => {
        marked.abort();
      };
      await pause(isRecent ? POLL_AFTER_MARK_MS : POLL_MS, AbortSignal.any([signal, marked.signal]));
      if (!marked.signal.aborted) return;
    }
    await pause(AFTER_MARK_MS, signal);
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);
}
