import type { EntityManager } from 'typeorm';
import type { PostackDatabase } from '../../database/postack-database.js';
import { InboxEventEntity } from '../../inbox/inbox-event.entity.js';
import { MessageEntity } from '../../messages/message.entity.js';
import { ConversationEntryEntity } from '../rollups/conversation-entry.entity.js';
import { recountQuarantined } from '../rollups/quarantined-events.js';
import { placeMessages } from './rebuild-conversations.js';
import { countEvents, countMessages } from './rebuild-counts.js';
import { told, type HourProgress, type Tell } from './rebuild-progress.js';
import { ReportCountEntity } from '../rollups/report-count.entity.js';
import { ReportEventEntity } from '../rollups/report-event.entity.js';
import { BUCKET_MS, HOUR_MS, hourOf } from '../rollups/report-time.js';

/** What is made anew: the messages' places in their conversations, what is counted of messages, or of events. */
export type RebuiltFigures = 'conversations' | 'counts' | 'events';

/** Makes one hour of figures anew. */
export class RebuildHours {
  readonly #message: string;
  readonly #entry: string;
  readonly #inbox: string;
  readonly #count: string;
  readonly #event: string;

  constructor(private readonly database: PostackDatabase) {
    this.#message = database.table(MessageEntity);
    this.#entry = database.table(ConversationEntryEntity);
    this.#inbox = database.table(InboxEventEntity);
    this.#count = database.table(ReportCountEntity);
    this.#event = database.table(ReportEventEntity);
  }

  /**
   * The first hour that can be made anew: that of the oldest message or event; the one after it when something has been
   * counted that is older still. Then what came before has been removed, and some of that hour may have been, too.
   */
  async first(figures: RebuiltFigures): Promise<number> {
    const [oldest, counted] =
      figures === 'events'
        ? [`min(received_at) AS at FROM ${this.#inbox}`, `${this.#event} WHERE accepted > 0`]
        : [`min(first_event_at) AS at FROM ${this.#message}`, `${this.#count} WHERE dimension = 'total'`];
    const [row]: { at: Date | null; is_cut: boolean }[] = await this.database.query(
      `SELECT at, EXISTS (SELECT FROM ${counted} AND bucket < date_bin('${BUCKET_MS} ms', at, 'epoch')) AS is_cut
       FROM (SELECT ${oldest}) AS oldest`,
    );
    if (!row?.at) return Infinity;
    return hourOf(row.at) + (row.is_cut ? HOUR_MS : 0);
  }

  /** The first hour from a time on that has anything to be counted, or counted already; `null` after the last one. */
  async next(figures: RebuiltFigures, fromMs: number): Promise<number | null> {
    if (fromMs === Infinity) return null;
    const messages = `min(first_event_at) AS at FROM ${this.#message} WHERE first_event_at`;
    const sources = {
      conversations: [messages, `min(at) FROM ${this.#entry} WHERE at`],
      counts: [messages, `min(bucket) FROM ${this.#count} WHERE dimension = 'total' AND bucket`],
      events: [
        `min(received_at) AS at FROM ${this.#inbox} WHERE received_at`,
        `min(bucket) FROM ${this.#event} WHERE bucket`,
      ],
    }[figures];
    const earliest = sources.map((source) => `SELECT ${source} >= $1`).join(' UNION ALL ');
    const [row]: { at: Date | null }[] = await this.database.query(
      `SELECT min(at) AS at FROM (${earliest}) AS earliest`,
      [new Date(fromMs)],
    );
    return row?.at ? hourOf(row.at) : null;
  }

  /** Tells of every page of messages or events in the hour. */
  async *rebuild(figures: RebuiltFigures, hourMs: number): AsyncGenerator<HourProgress> {
    const [from, to] = [new Date(hourMs), new Date(hourMs + HOUR_MS)];
    if (figures === 'conversations') {
      yield* placeMessages(from, to, this.database);
    } else if (figures === 'counts') {
      yield* this.#atOneTime((manager, tell) => countMessages(from, to, manager, tell));
    } else {
      await recountQuarantined(from, to, this.database);
      yield* this.#atOneTime((manager, tell) => countEvents(from, to, manager, tell));
    }
  }

  /** All of it sees the messages, events and rollups as they were at the same time. */
  #atOneTime(work: (manager: EntityManager, tell: Tell) => Promise<void>): AsyncGenerator<HourProgress> {
    return told((tell) => this.database.transaction((manager) => work(manager, tell), 'REPEATABLE READ'));
  }
}
