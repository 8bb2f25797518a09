import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { withoutTracing } from '../events/tracing.js';
import { OutageLog } from '../errors/outage-log.js';
import { PostackDatabase } from '../database/postack-database.js';
import { JobsOptions } from '../jobs/jobs.options.js';
import { Shutdown } from '../jobs/shutdown.js';
import { ReportsOptions } from './reports.options.js';
import { WebhookCounters } from '../webhook/webhook-counters.js';
import { ReportEventEntity } from './report.entities.js';
import { RequestTally } from './request-tally.js';

const FLUSH_INTERVAL_MS = 5000;

/**
 * Flushes the counts of duplicate and rejected requests every 5 seconds and at shutdown. These requests are not stored,
 * and must not wait for a statement. Counts that cannot be written are kept in their 15-minute bucket and retried; a
 * killed process loses unwritten counts.
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
    const tick = () => {
      // While a slow flush is running, requests are still assigned to their bucket.
      if (this.#isWriting) this.#take();
      else void this.flush();
    };
    this.#timer = withoutTracing(() => setInterval(tick, FLUSH_INTERVAL_MS)).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (!this.#timer) return;
    clearInterval(this.#timer);
    await Promise.race([this.flush(), this.shutdown.begin()]);
  }

  /** Writes the counts since the last flush. If that fails, the next flush writes them. */
  flush(): Promise<void> {
    this.#take();
    this.#flushing = this.#flushing.then(() => this.#write());
    return this.#flushing;
  }

  #take(): void {
    this.#tally.take(this.counters.snapshot(), new Date());
  }

  async #write(): Promise<void> {
    const drained = this.#tally.drain();
    this.#isWriting = true;
    try {
      await this.#add(drained);
      this.#outage.recovery();
    } catch (error) {
      this.#tally.putBack(drained);
      this.#outage.failure('Writing request counters', error);
    }
    this.#isWriting = false;
  }

  async #add(counts: ReturnType<RequestTally['drain']>): Promise<void> {
    if (counts.length === 0) return;
    await this.database.query(
      `INSERT INTO ${this.database.table(ReportEventEntity)} AS r (bucket, duplicates, rejected, unavailable)
       SELECT * FROM unnest($1::timestamptz[], $2::int[], $3::int[], $4::int[])
       ON CONFLICT (bucket) DO UPDATE SET duplicates = r.duplicates + excluded.duplicates,
         rejected = r.rejected + excluded.rejected, unavailable = r.unavailable + excluded.unavailable`,
      [
        counts.map(([bucketMs]) => new Date(bucketMs).toISOString()),
        counts.map(([, { duplicates }]) => duplicates),
        counts.map(([, { rejected }]) => rejected),
        counts.map(([, { unavailable }]) => unavailable),
      ],
    );
  }
}
