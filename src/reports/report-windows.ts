import type { EntityManager } from 'typeorm';
import type { PostackDatabase } from '../database/postack-database.js';
import { queryPrepared } from '../database/query-prepared.js';
import { InboxEventEntity } from '../inbox/inbox-event.entity.js';
import { numbersOf } from '../messages/message-facts.js';
import { MessageEntity } from '../messages/message.entity.js';
import { BUCKET_MS } from './report-measures.js';
import {
  ReportCountEntity,
  ReportDurationEntity,
  ReportEventEntity,
  ReportOwnNumberEntity,
  ReportWindowEntity,
} from './report.entities.js';
import { eventFiguresSql, messageFiguresSql } from './window-figures.sql.js';

/** Lengths of windows; each is a multiple of the next. */
export const WINDOW_SECONDS = [3600, 900, 300, 60, 15, 5] as const;

/** A window with more messages, or events, is split: so many take some tenths of a second. */
export const MAX_IN_WINDOW = 10_000;

/** A part of time, with its messages or its events. */
export interface Window {
  source: ReportWindowEntity['source'];
  start: Date;
  seconds: number;
}

/** Replaces the figures of windows, in the transaction of `manager`. */
export class ReportWindows {
  readonly #window: string;
  readonly #message: string;
  readonly #ownNumber: string;
  readonly #sources: Record<Window['source'], { table: string; time: string; sql: string }>;

  /** @param prices Country or prefix → price of a segment; `null` without prices. */
  constructor(
    database: PostackDatabase,
    private readonly prices: Readonly<Record<string, number>> | null,
  ) {
    this.#window = database.table(ReportWindowEntity);
    this.#message = database.table(MessageEntity);
    this.#ownNumber = database.table(ReportOwnNumberEntity);
    const inbox = database.table(InboxEventEntity);
    const [counts, events, duration] = [ReportCountEntity, ReportEventEntity, ReportDurationEntity].map(
      (entity) => database.table(entity),
    ) as [string, string, string];
    this.#sources = {
      messages: {
        table: this.#message,
        time: 'first_event_at',
        sql: messageFiguresSql({ source: this.#message, figures: counts, duration }),
      },
      events: {
        table: inbox,
        time: 'received_at',
        sql: eventFiguresSql({ source: inbox, figures: events, duration }),
      },
    };
  }

  /** Replaces the figures of a window, or splits it, and replaces those of its parts. */
  async replace(window: Window, manager: EntityManager): Promise<void> {
    const { source, start, seconds } = window;
    const end = endOf(window);
    const shorter = WINDOW_SECONDS.find((length) => length < seconds);
    if (shorter !== undefined && (await this.#isTooLarge(window, manager))) {
      await this.#split(window, shorter, manager);
      for (let from = start; from < end; from = endOf({ start: from, seconds: shorter })) {
        await this.replace({ source, start: from, seconds: shorter }, manager);
      }
      return;
    }
    const parameters: unknown[] = [start, end, Math.min(seconds, BUCKET_MS / 1000)];
    if (source === 'messages') parameters.push(this.prices && JSON.stringify(this.prices));
    // Not prepared: the plan depends on how long the window is.
    await manager.query(this.#sources[source].sql, parameters);
    if (source === 'messages') await this.#addOwnNumbers(window, manager);
  }

  async #isTooLarge(window: Window, manager: EntityManager): Promise<boolean> {
    const { table, time } = this.#sources[window.source];
    const [size] = await queryPrepared<{ count: number }>(
      manager,
      `SELECT count(*)::integer AS count FROM (
         SELECT FROM ${table} WHERE ${time} >= $1 AND ${time} < $2 LIMIT ${MAX_IN_WINDOW + 1}
       ) AS rows`,
      [window.start, endOf(window)],
    );
    return size !== undefined && size.count > MAX_IN_WINDOW;
  }

  async #split({ source, start, seconds }: Window, shorter: number, manager: EntityManager): Promise<void> {
    await queryPrepared(
      manager,
      `WITH parts AS (
         INSERT INTO ${this.#window} (source, start, seconds)
         SELECT $1, $2::timestamptz + part * $4::integer * interval '1 s', $4
         FROM generate_series(1, $3::integer / $4::integer - 1) AS part
       )
       UPDATE ${this.#window} SET seconds = $4 WHERE source = $1 AND start = $2`,
      [source, start, seconds, shorter],
    );
  }

  async #addOwnNumbers(window: Window, manager: EntityManager): Promise<void> {
    const unknown = await queryPrepared<Pick<MessageEntity, 'direction' | 'from' | 'to'>>(
      manager,
      `SELECT DISTINCT ON (own_number_key) direction, from_number AS "from", to_number AS "to" FROM ${this.#message}
       WHERE first_event_at >= $1 AND first_event_at < $2
         AND NOT EXISTS (SELECT FROM ${this.#ownNumber} WHERE key = own_number_key)`,
      [window.start, endOf(window)],
    );
    const numbers = unknown.map((one) => numbersOf(one).own).filter((own) => own !== null);
    if (numbers.length === 0) return;
    await queryPrepared(
      manager,
      `INSERT INTO ${this.#ownNumber} (key, number) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING`,
      [numbers.map(({ key }) => key), numbers.map(({ number }) => number)],
    );
  }
}

function endOf({ start, seconds }: Pick<Window, 'start' | 'seconds'>): Date {
  return new Date(start.getTime() + seconds * 1000);
}
