import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { StoredEvents } from '../dispatch/stored-events.js';
import { KNOWN_EVENTS, type AnyPostackEvent, type KnownPostackEvent } from '../events/event-types.js';
import { InboxEventEntity } from '../inbox/inbox-event.entity.js';
import { MessagesProjection } from '../messages/messages.projection.js';
import { POSTACK_DATA_SOURCE } from '../postack.data-source.js';
import { POSTACK_OPTIONS, type ResolvedPostackOptions } from '../postack.options.js';
import { tableName } from '../table-name.js';
import { CONVERSATION_GAP_MS } from './conversation-figures.js';
import { RebuildHours, type RebuiltFigures } from './rebuild-hours.js';
import { HOUR_MS, hourOf } from './report-time.js';

/** What a rebuild does, one after the other. */
export type RebuildStep = 'messages' | RebuiltFigures;

/** How far a rebuild has got. */
export interface RebuildProgress {
  step: RebuildStep;
  /** Of the step: events or messages that have been gone through. */
  done: number;
  /** Everything up to here has been, in the step's order of time. */
  through: Date;
}

/** Events in one transaction. */
const CHUNK_SIZE = 500;

/**
 * Makes the figures of the reports anew, from the stored events: first the messages from those that have a body still
 * (`retention.bodyDays`), then, hour by hour, what is counted of messages (as far back as there are messages), and of
 * events (as far back as there are any: `retention.idDays`; older hours stay as they are). Duplicates and refused
 * requests are stored nowhere, and stay as they are.
 *
 * Live events go on meanwhile: each hour is made anew in a transaction of its own that waits for the dispatchers'
 * under way, and has others wait for its end. Between two of them there is a pause as long as they take. Killed in
 * the middle, it can be run again; run twice at once, it does the work twice.
 */
@Injectable()
export class ReportRebuild {
  readonly #hours: RebuildHours;

  constructor(
    @Inject(POSTACK_OPTIONS) private readonly options: ResolvedPostackOptions,
    @Inject(POSTACK_DATA_SOURCE) private readonly dataSource: DataSource,
    private readonly events: StoredEvents,
    private readonly messages: MessagesProjection,
  ) {
    this.#hours = new RebuildHours(dataSource);
  }

  /**
   * Figures from `since` on. It goes on as progress is read, and stops when nobody does any more.
   *
   * @param since The hour that it is in is made anew as a whole.
   */
  async *run(since: Date): AsyncGenerator<RebuildProgress> {
    const from = hourOf(since);
    yield* this.#foldEvents(new Date(from));
    yield* this.#eachHour('conversations', from - CONVERSATION_GAP_MS);
    yield* this.#eachHour('counts', from);
    yield* this.#eachHour('events', Math.max(from, this.#oldestWholeHour()));
  }

  /** Older hours may have lost events already. */
  #oldestWholeHour(): number {
    const { retention } = this.options;
    return retention ? hourOf(new Date(Date.now() - retention.idDays * 86_400_000)) + HOUR_MS : -Infinity;
  }

  async *#foldEvents(since: Date): AsyncGenerator<RebuildProgress> {
    let done = 0;
    // As text: a `Date` has no microseconds.
    for (let last = { id: '0', place: since.toISOString(), received_at: since }; ;) {
      const rows: { id: string; place: string; received_at: Date }[] = await this.dataSource.query(
        `SELECT id, received_at::text AS place, received_at FROM ${tableName(this.dataSource, InboxEventEntity)}
         WHERE (received_at, id) > ($1::timestamptz, $2::bigint) AND dispatched_at IS NOT NULL AND body IS NOT NULL
         ORDER BY received_at, id LIMIT ${CHUNK_SIZE}`,
        [last.place, last.id],
      );
      const startedAt = performance.now();
      const stored = await this.events.load(rows.map(({ id }) => id));
      const events = stored.map(({ event }) => event).filter(isMessageEvent);
      if (events.length > 0) {
        await this.dataSource.transaction((manager) => this.messages.project(events, manager));
      }
      last = rows.at(-1) ?? last;
      done += rows.length;
      if (rows.length > 0) yield { step: 'messages', done, through: last.received_at };
      if (rows.length < CHUNK_SIZE) return;
      await sleep(performance.now() - startedAt);
    }
  }

  async *#eachHour(figures: RebuiltFigures, fromMs: number): AsyncGenerator<RebuildProgress> {
    let done = 0;
    for (let hour = await this.#hours.next(figures, fromMs); hour !== null;) {
      const startedAt = performance.now();
      done += await this.#hours.rebuild(figures, hour);
      yield { step: figures, done, through: new Date(hour + HOUR_MS) };
      await sleep(performance.now() - startedAt);
      hour = await this.#hours.next(figures, hour + HOUR_MS);
    }
  }
}

/** One that tells of no message has been set aside when it came in. */
function isMessageEvent(event: AnyPostackEvent): event is KnownPostackEvent {
  return KNOWN_EVENTS.some((known) => event instanceof known && event.messageId !== null);
}
