import type { EntityManager } from 'typeorm';
import type { PostackDatabase } from '../../database/postack-database.js';
import { InboxEventEntity } from '../../inbox/inbox-event.entity.js';
import { MessageEntity } from '../../messages/message.entity.js';
import { ConversationEntryEntity } from '../rollups/conversation-entry.entity.js';
import { recountQuarantined } from '../rollups/quarantined-events.js';
import { rebuildConversations } from './rebuild-conversations.js';
import { countEvents, countMessages } from './rebuild-counts.js';
import { progressOf, type HourProgress, type OnProgress } from './rebuild-progress.js';
import { ReportCountEntity } from '../rollups/report-count.entity.js';
import { ReportEventEntity } from '../rollups/report-event.entity.js';
import { BUCKET_MS, HOUR_MS, hourOf } from '../rollups/report-time.js';

/** What is rebuilt: the positions of messages in their conversations, the counts of messages, or those of events. */
export type RebuiltFigures = 'conversations' | 'counts' | 'events';

/** Rebuilds the rollups hour by hour. */
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
   * The first hour that can be rebuilt: the hour of the oldest message or event, or the next one if older data has been
   * counted. In that case older rows have been deleted, possibly including some of that hour.
   */
  async first(figures: RebuiltFigures): Promise<number> {
    const [oldest, counted] =
      figures === 'events'
        ? [`min(received_at) AS at FROM ${this.#inbox}`, `${this.#event} WHERE accepted > 0`]
        : [`min(first_event_at) AS at FROM ${this.#message}`, `${this.#count} WHERE dimension = 'total'`];
    const [row]: { at: Date | null; is_incomplete: boolean }[] = await this.database.query(
      `SELECT at, EXISTS (SELECT FROM ${counted} AND bucket < date_bin('${BUCKET_MS} ms', at, 'epoch')) AS is_incomplete
       FROM (SELECT ${oldest}) AS oldest`,
    );
    if (!row?.at) return Infinity;
    return hourOf(row.at) + (row.is_incomplete ? HOUR_MS : 0);
  }

  /** The first hour from `fromMs` on that has data or counts; `null` if there is none. */
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

  /** Rebuilds one hour; yields the progress after each page. */
  async *rebuild(figures: RebuiltFigures, hourMs: number): AsyncGenerator<HourProgress> {
    const [from, to] = [new Date(hourMs), new Date(hourMs + HOUR_MS)];
    if (figures === 'conversations') {
      yield* rebuildConversations(from, to, this.database);
    } else if (figures === 'counts') {
      yield* this.#inSnapshot((manager, onProgress) => countMessages(from, to, manager, onProgress));
    } else {
      await recountQuarantined(from, to, this.database);
      yield* this.#inSnapshot((manager, onProgress) => countEvents(from, to, manager, onProgress));
    }
  }

  /** Runs `work` on one snapshot of messages, events and rollups. */
  #inSnapshot(
    work: (manager: EntityManager, onProgress: OnProgress) => Promise<void>,
  ): AsyncGenerator<HourProgress> {
    return progressOf((onProgress) =>
      this.database.transaction((manager) => work(manager, onProgress), 'REPEATABLE READ'),
    );
  }
}
