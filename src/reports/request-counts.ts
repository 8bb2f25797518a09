import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { loggableError } from '../loggable-error.js';
import { POSTACK_DATA_SOURCE } from '../postack.data-source.js';
import { POSTACK_OPTIONS, type ResolvedPostackOptions } from '../postack.options.js';
import { tableName } from '../table-name.js';
import type { WebhookOutcome } from '../webhook/webhook-answer.js';
import { WebhookCounters } from '../webhook/webhook-counters.js';
import { countQuarantined } from './quarantined-events.js';
import { ReportEventEntity } from './report-event.entity.js';
import { slotOf } from './report-store.js';
import { BUCKET_MS, bucketOf } from './report-time.js';

/** How often a process writes down what it has counted. */
const FLUSH_INTERVAL_MS = 5000;

/** How far back a starting process looks for quarantined events that a killed one has not counted. */
const LOOK_BACK_MS = 24 * 60 * 60_000;

/** 503 and 500: not the sender's fault, and sent again. */
const UNAVAILABLE: ReadonlySet<WebhookOutcome> = new Set(['storage-unavailable', 'overloaded', 'error']);

/** Counted from what is stored. */
const STORED: ReadonlySet<WebhookOutcome> = new Set(['accepted', 'quarantined']);

interface Counts {
  duplicates: number;
  rejected: number;
  unavailable: number;
  quarantined: number;
}

/**
 * Writes down every 5 seconds, and when the application stops, how many requests were duplicates or refused: nothing
 * of these is stored, and the request itself waits for no statement. A killed process loses what it has counted since.
 * Quarantined events are counted from the inbox whenever there are new ones, so of those nothing is lost.
 */
@Injectable()
export class RequestCounts implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #logger = new Logger('PostackReports');
  #written: Counts = { duplicates: 0, rejected: 0, unavailable: 0, quarantined: 0 };
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> = Promise.resolve();

  constructor(
    @Inject(POSTACK_OPTIONS) private readonly options: ResolvedPostackOptions,
    @Inject(POSTACK_DATA_SOURCE) private readonly dataSource: DataSource,
    private readonly counters: WebhookCounters,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.options.reports || this.options.role === 'work') return;
    this.#flushing = this.#attempt(() => this.#countQuarantined(LOOK_BACK_MS));
    this.#timer = setInterval(() => void this.flush(), FLUSH_INTERVAL_MS).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (!this.#timer) return;
    clearInterval(this.#timer);
    await this.flush();
  }

  /** Writes down what has been counted since the last time; what cannot be written now is written next time. */
  flush(): Promise<void> {
    this.#flushing = this.#flushing.then(() => this.#attempt(() => this.#write()));
    return this.#flushing;
  }

  async #write(): Promise<void> {
    const counts = countsOf(this.counters.snapshot());
    const added = (name: keyof Counts) => counts[name] - this.#written[name];
    if (added('quarantined') > 0) await this.#countQuarantined(BUCKET_MS);
    if (added('duplicates') + added('rejected') + added('unavailable') > 0) {
      await this.dataSource.query(
        `INSERT INTO ${tableName(this.dataSource, ReportEventEntity)} AS r
           (bucket, slot, duplicates, rejected, unavailable) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (bucket, slot) DO UPDATE SET duplicates = r.duplicates + excluded.duplicates,
           rejected = r.rejected + excluded.rejected, unavailable = r.unavailable + excluded.unavailable`,
        [
          new Date(bucketOf(new Date())),
          slotOf(this.dataSource.manager),
          added('duplicates'),
          added('rejected'),
          added('unavailable'),
        ],
      );
    }
    this.#written = counts;
  }

  #countQuarantined(backMs: number): Promise<void> {
    const now = Date.now();
    return countQuarantined(
      new Date(bucketOf(new Date(now - backMs))),
      new Date(now),
      this.dataSource.manager,
    );
  }

  async #attempt(write: () => Promise<void>): Promise<void> {
    await write().catch((error: unknown) => {
      this.#logger.warn(`Requests are not counted for now, and will be later: ${loggableError(error)}`);
    });
  }
}

function countsOf(snapshot: Partial<Record<WebhookOutcome, number>>): Counts {
  const counts: Counts = { duplicates: 0, rejected: 0, unavailable: 0, quarantined: 0 };
  for (const [name, count] of Object.entries(snapshot)) {
    const outcome = name as WebhookOutcome;
    if (outcome === 'quarantined') counts.quarantined += count;
    else if (outcome === 'duplicate') counts.duplicates += count;
    else if (UNAVAILABLE.has(outcome)) counts.unavailable += count;
    else if (!STORED.has(outcome)) counts.rejected += count;
  }
  return counts;
}
