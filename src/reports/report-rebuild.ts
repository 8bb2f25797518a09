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
import { restAfter } from './rebuild/rebuild-progress.js';
import { EARLIEST, InvalidReportError } from './report-request.js';
import { HOUR_MS, hourOf } from './rollups/report-time.js';

/** What a rebuild does, one after the other. */
export type RebuildStep = 'messages' | 'uncounted' | RebuiltFigures;

/** How far a rebuild has got. */
export interface RebuildProgress {
  step: RebuildStep;
  /** Of the step: events or messages that have been gone through. */
  done: number;
  /** Of these, events that cannot be taken in: they are left out, and the log says why. */
  skipped: number;
  /** Everything up to here has been, in the step's order of time. */
  through: Date;
}

/** Events in one transaction. */
const CHUNK_SIZE = 500;

/**
 * Makes the figures of the reports anew, from the stored events: first the messages from those that have a body still
 * (`retention.payloadDays`); then those from a time without reports are counted; then, hour by hour, the places in the
 * conversations and what is counted of messages, as far back as there are any; and what is counted of events, as far back as there are any (`retention.eventDays`). What cannot
 * be counted again stays as it is: older hours, duplicates, refused requests.
 *
 * Live events go on meanwhile. Only a page of conversations at a time has dispatchers wait, for some hundredths of a
 * second; the hours are counted beside them. After each page there is a pause as long as it took. Killed in the middle,
 * it can be run again; of several at once in one process, each waits for the one before.
 */
@Injectable()
export class ReportRebuild {
  readonly #logger = new Logger('PostackReports');
  readonly #hours: RebuildHours;
  #lastTurn: Promise<void> = Promise.resolve();

  constructor(
    private readonly options: ReportsOptions,
    private readonly retention: RetentionOptions,
    private readonly database: PostackDatabase,
    private readonly events: StoredEvents,
    private readonly store: MessageStore,
    private readonly messages: MessagesProjection,
  ) {
    this.#hours = new RebuildHours(database);
  }

  /**
   * Figures from `since` on. It goes on as progress is read, and stops when nobody does any more.
   *
   * @param since Not before 1970, nor to come. The hour that it is in is made anew as a whole.
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

  /** One at a time: the next one waits here, and not with a connection in its hands. @returns what ends the turn. */
  async #turn(): Promise<() => void> {
    const before = this.#lastTurn;
    let done!: () => void;
    this.#lastTurn = new Promise((resolve) => (done = resolve));
    await before;
    return done;
  }

  async *#rebuild(from: number): AsyncGenerator<RebuildProgress> {
    yield* this.#foldEvents(new Date(from));
    yield* this.#countUncounted(new Date(from - CONVERSATION_GAP_MS));
    // What a message means to its conversation depends on those before it.
    yield* this.#eachHour('conversations', from - CONVERSATION_GAP_MS);
    yield* this.#eachHour('counts', from - CONVERSATION_GAP_MS);
    yield* this.#eachHour('events', Math.max(from, this.#oldestKept()));
  }

  /** Older hours may have lost events to retention. */
  #oldestKept(): number {
    const { retention } = this.retention;
    return retention ? hourOf(new Date(Date.now() - retention.eventDays * 86_400_000)) + HOUR_MS : -Infinity;
  }

  async *#foldEvents(since: Date): AsyncGenerator<RebuildProgress> {
    let [done, skipped] = [0, 0];
    // As text: a `Date` has no microseconds.
    for (let last = { id: '0', place: since.toISOString(), received_at: since }; ;) {
      const rows: { id: string; place: string; received_at: Date }[] = await this.database.query(
        `SELECT id, received_at::text AS place, received_at FROM ${this.database.table(InboxEventEntity)}
         WHERE (received_at, id) > ($1::timestamptz, $2::bigint) AND dispatched_at IS NOT NULL AND body IS NOT NULL
         ORDER BY received_at, id LIMIT ${CHUNK_SIZE}`,
        [last.place, last.id],
      );
      const startedAt = performance.now();
      const stored = await this.events.load(rows.map(({ id }) => id));
      skipped += await this.#fold(stored.map(({ event }) => event).filter(isMessageEvent));
      last = rows.at(-1) ?? last;
      done += rows.length;
      if (rows.length > 0) yield { step: 'messages', done, skipped, through: last.received_at };
      if (rows.length < CHUNK_SIZE) return;
      await restAfter(startedAt);
    }
  }

  /** Resolves to how many of the events cannot be taken in: they are left out. */
  async #fold(events: readonly KnownPostackEvent[]): Promise<number> {
    const error = await this.#attempt(events);
    if (error === undefined) return 0;
    // Throws when it is the database that is away.
    await this.database.query('SELECT 1');
    if (events.length > 1) {
      let skipped = 0;
      for (const event of events) skipped += await this.#fold([event]);
      return skipped;
    }
    const again = await this.#attempt(events);
    if (again === undefined) return 0;
    this.#logger.warn(`Event ${events[0]?.id} is left out of a rebuild: ${loggableError(again)}`);
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

/** One that tells of no message has been set aside when it came in. */
function isMessageEvent(event: AnyPostackEvent): event is KnownPostackEvent {
  return KNOWN_EVENTS.some((known) => event instanceof known && event.messageId !== null);
}
