import { Injectable, Logger } from '@nestjs/common';
import { StoredEvents } from '../dispatch/stored-events.js';
import { KNOWN_EVENTS, type AnyPostackEvent, type KnownPostackEvent } from '../events/event-types.js';
import { InboxEventEntity } from '../inbox/inbox-event.entity.js';
import { loggableError } from '../errors/loggable-error.js';
import { MessageStore } from '../messages/message-store.js';
import { MessagesProjection } from '../messages/messages.projection.js';
import { PostackDatabase } from '../database/postack-database.js';
import { RetentionOptions } from '../retention/retention.options.js';
import { ReportsOptions } from './reports.options.js';
import { CONVERSATION_GAP_MS } from './rollups/conversation-figures.js';
import { countUncounted } from './rebuild/uncounted-messages.js';
import { RebuildHours, type RebuiltFigures } from './rebuild/rebuild-hours.js';
import { pauseAfter } from './rebuild/rebuild-progress.js';
import { EARLIEST, InvalidReportError } from './report-request.js';
import { HOUR_MS, hourOf } from './rollups/report-time.js';

/** The steps of a rebuild. */
export type RebuildStep = 'messages' | 'uncounted' | RebuiltFigures;

/** Progress of a rebuild. */
export interface RebuildProgress {
  step: RebuildStep;
  /** Events or messages processed in this step. */
  done: number;
  /** Events of this step that could not be processed; the log contains the reasons. */
  skipped: number;
  /** Time up to which this step has processed events or messages. */
  through: Date;
}

/** Events in one transaction. */
const CHUNK_SIZE = 500;

/**
 * Rebuilds the reports from stored data. First, messages are projected from the events that still have a payload
 * (`retention.payloadDays`), and messages stored while reports were disabled are counted. Then, hour by hour, the
 * positions in conversations and the counts of messages and events (`retention.eventDays`) are corrected as far back as
 * rows exist. What is no longer stored stays as it was counted: older hours, duplicates and rejected requests.
 *
 * Runs beside live traffic: only the pages of conversations block dispatchers, for some hundredths of a second each, and
 * each page is followed by a pause of its own duration. If interrupted, it can be rerun safely. Concurrent calls in one
 * process run one after another.
 */
@Injectable()
export class ReportRebuild {
  readonly #logger = new Logger('PostackReports');
  readonly #hours: RebuildHours;
  #lastTurn: Promise<void> = Promise.resolve();

  private readonly database: PostackDatabase;

  constructor(
    private readonly options: ReportsOptions,
    private readonly retention: RetentionOptions,
    database: PostackDatabase,
    private readonly events: StoredEvents,
    private readonly store: MessageStore,
    private readonly messages: MessagesProjection,
  ) {
    this.database = database.forLongStatements;
    this.#hours = new RebuildHours(this.database);
  }

  /**
   * Rebuilds the reports from `since` on. Runs as the progress is consumed, and stops when the consumer stops.
   *
   * @param since Between 1970 and now; rounded down to the hour.
   * @throws {InvalidReportError}
   */
  async *run(since: Date): AsyncGenerator<RebuildProgress> {
    if (!(since.getTime() >= EARLIEST && since.getTime() <= Date.now())) {
      throw new InvalidReportError('since', 'must be a time that has passed, and not before 1970');
    }
    const done = await this.#turn();
    try {
      yield* this.#rebuild(hourOf(since));
    } finally {
      done();
    }
  }

  /** Serializes rebuilds without occupying a connection while waiting. @returns a function that ends the turn. */
  async #turn(): Promise<() => void> {
    const before = this.#lastTurn;
    let done!: () => void;
    this.#lastTurn = new Promise((resolve) => (done = resolve));
    await before;
    return done;
  }

  async *#rebuild(from: number): AsyncGenerator<RebuildProgress> {
    yield* this.#projectEvents(new Date(from));
    yield* this.#countUncounted(new Date(from - CONVERSATION_GAP_MS));
    // The conversation metrics of a message depend on the messages before it.
    yield* this.#eachHour('conversations', from - CONVERSATION_GAP_MS);
    yield* this.#eachHour('counts', from - CONVERSATION_GAP_MS);
    yield* this.#eachHour('events', Math.max(from, this.#oldestKept()));
  }

  /** First hour of which retention has not deleted any event. */
  #oldestKept(): number {
    const { retention } = this.retention;
    return retention ? hourOf(new Date(Date.now() - retention.eventDays * 86_400_000)) + HOUR_MS : -Infinity;
  }

  async *#projectEvents(since: Date): AsyncGenerator<RebuildProgress> {
    let [done, skipped] = [0, 0];
    // The cursor is a text: a `Date` has no microseconds.
    for (let last = { id: '0', cursor: since.toISOString(), received_at: since }; ;) {
      const rows: { id: string; cursor: string; received_at: Date }[] = await this.database.query(
        `SELECT id, received_at::text AS cursor, received_at FROM ${this.database.table(InboxEventEntity)}
         WHERE (received_at, id) > ($1::timestamptz, $2::bigint) AND dispatched_at IS NOT NULL AND body IS NOT NULL
         ORDER BY received_at, id LIMIT ${CHUNK_SIZE}`,
        [last.cursor, last.id],
      );
      const startedAt = performance.now();
      const stored = await this.events.load(rows.map(({ id }) => id));
      skipped += await this.#project(stored.map(({ event }) => event).filter(isMessageEvent));
      last = rows.at(-1) ?? last;
      done += rows.length;
      if (rows.length > 0) yield { step: 'messages', done, skipped, through: last.received_at };
      if (rows.length < CHUNK_SIZE) return;
      await pauseAfter(startedAt);
    }
  }

  /** Projects events; if that fails, one by one. @returns the number of events that cannot be projected. */
  async #project(events: readonly KnownPostackEvent[]): Promise<number> {
    const error = await this.#attempt(events);
    if (error === undefined) return 0;
    // Throws if the database is unavailable.
    await this.database.query('SELECT 1');
    if (events.length > 1) {
      let skipped = 0;
      for (const event of events) skipped += await this.#project([event]);
      return skipped;
    }
    const again = await this.#attempt(events);
    if (again === undefined) return 0;
    this.#logger.warn(`Report rebuild skipped event ${events[0]?.id}: ${loggableError(again)}`);
    return 1;
  }

  async #attempt(events: readonly KnownPostackEvent[]): Promise<unknown> {
    if (events.length === 0) return undefined;
    try {
      await this.database.transaction((manager) => this.messages.project(events, manager));
      return undefined;
    } catch (error) {
      return error;
    }
  }

  async *#countUncounted(from: Date): AsyncGenerator<RebuildProgress> {
    let done = 0;
    for await (const page of countUncounted(from, this.database, this.store)) {
      done += page.done;
      yield { step: 'uncounted', done, skipped: 0, through: page.through };
    }
  }

  async *#eachHour(figures: RebuiltFigures, fromMs: number): AsyncGenerator<RebuildProgress> {
    let done = 0;
    const firstMs = Math.max(fromMs, await this.#hours.first(figures));
    for (let hour = await this.#hours.next(figures, firstMs); hour !== null;) {
      for await (const page of this.#hours.rebuild(figures, hour)) {
        done += page.done;
        yield { step: figures, done, skipped: 0, through: page.through };
      }
      hour = await this.#hours.next(figures, hour + HOUR_MS);
    }
  }
}

/** A message event without a message id cannot be projected: it was dead-lettered when it was dispatched. */
function isMessageEvent(event: AnyPostackEvent): event is KnownPostackEvent {
  return KNOWN_EVENTS.some((known) => event instanceof known && event.messageId !== null);
}
