import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { OutageLog } from '../../errors/outage-log.js';
import { PostackDatabase } from '../../database/postack-database.js';
import { JobsOptions } from '../../jobs/jobs.options.js';
import { Shutdown } from '../../jobs/shutdown.js';
import { ReportsOptions } from '../reports.options.js';
import { WebhookCounters } from '../../webhook/webhook-counters.js';
import { countQuarantined } from './quarantined-events.js';
import { ReportEventEntity } from './report-event.entity.js';
import { slotOf } from './report-store.js';
import { BUCKET_MS, bucketOf } from './report-time.js';
import { RequestTally } from './request-tally.js';

const FLUSH_INTERVAL_MS = 5000;

/** How far back a starting process counts quarantined events that a killed process may have missed. */
const LOOKBACK_MS = 24 * 60 * 60_000;

/**
 * Flushes the counts of duplicate and rejected requests every 5 seconds and at shutdown. These requests are not stored,
 * and must not wait for a statement. Counts that cannot be written are kept in their 15-minute bucket and retried; a
 * killed process loses unwritten counts. Quarantined events are counted from the inbox, so none of them is lost.
 */
@Injectable()
export class RequestCounts implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #outage = new OutageLog(new Logger('PostackReports'));
  readonly #tally = new RequestTally();
  #timer: NodeJS.Timeout | undefined;
  #isWriting = false;
  #flushing: Promise<void> = Promise.resolve();

  constructor(
    private readonly options: ReportsOptions,
    private readonly jobs: JobsOptions,
    private readonly shutdown: Shutdown,
    private readonly database: PostackDatabase,
    private readonly counters: WebhookCounters,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.options.reports || !this.jobs.accepts) return;
    this.#flushing = this.#attempt(() => this.#countQuarantined(Date.now() - LOOKBACK_MS));
    this.#timer = setInterval(() => {
      // While a slow flush is running, requests are still assigned to their bucket.
      if (this.#isWriting) this.#take();
      else void this.flush();
    }, FLUSH_INTERVAL_MS).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (!this.#timer) return;
    clearInterval(this.#timer);
    await Promise.race([this.flush(), this.shutdown.begin()]);
  }

  /** Writes the counts since the last flush. If that fails, the next flush writes them. */
  flush(): Promise<void> {
    this.#take();
    this.#flushing = this.#flushing.then(() => this.#attempt(() => this.#write()));
    return this.#flushing;
  }

  #take(): void {
    this.#tally.take(this.counters.snapshot(), new Date());
  }

  async #write(): Promise<void> {
    const drained = this.#tally.drain();
    try {
      const quarantinedMs = drained.find(([, { quarantined }]) => quarantined > 0)?.[0];
      // They may have been received shortly before they were counted, in the previous bucket.
      if (quarantinedMs !== undefined) await this.#countQuarantined(quarantinedMs - BUCKET_MS);
      await this.#add(drained.filter(([, one]) => one.duplicates + one.rejected + one.unavailable > 0));
    } catch (error) {
      this.#tally.putBack(drained);
      throw error;
    }
  }

  async #add(counts: ReturnType<RequestTally['drain']>): Promise<void> {
    if (counts.length === 0) return;
    await this.database.query(
      `INSERT INTO ${this.database.table(ReportEventEntity)} AS r
         (bucket, slot, duplicates, rejected, unavailable)
       SELECT bucket, $1, duplicates, rejected, unavailable
       FROM unnest($2::timestamptz[], $3::int[], $4::int[], $5::int[])
         AS new (bucket, duplicates, rejected, unavailable)
       ON CONFLICT (bucket, slot) DO UPDATE SET duplicates = r.duplicates + excluded.duplicates,
         rejected = r.rejected + excluded.rejected, unavailable = r.unavailable + excluded.unavailable`,
      [
        slotOf(this.database.manager),
        counts.map(([bucketMs]) => new Date(bucketMs).toISOString()),
        counts.map(([, { duplicates }]) => duplicates),
        counts.map(([, { rejected }]) => rejected),
        counts.map(([, { unavailable }]) => unavailable),
      ],
    );
  }

  #countQuarantined(fromMs: number): Promise<void> {
    return countQuarantined(new Date(bucketOf(new Date(fromMs))), new Date(), this.database);
  }

  async #attempt(write: () => Promise<void>): Promise<void> {
    this.#isWriting = true;
    await write().then(
      () => {
        this.#outage.recovery();
      },
      (error: unknown) => {
        this.#outage.failure('Writing request counters', error);
      },
    );
    this.#isWriting = false;
  }
}
