import type { EntityManager } from 'typeorm';
import type { PostackDatabase } from '../database/postack-database.js';
import { runPreparedSql, runSql } from '../database/run-sql.js';
import { InboxEventEntity } from '../inbox/inbox-event.entity.js';
import { numbersOf } from '../messages/message-facts.js';
import { MessageEntity } from '../messages/message.entity.js';
import { LONG_MS } from './message-facts.sql.js';
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

type Source = ReportWindowEntity['source'];

/** A part of time. */
export type Window = Pick<ReportWindowEntity, 'start' | 'seconds'>;

/** Replaces the figures of windows, in the transaction of `manager`. */
export class ReportWindows {
  readonly #window: string;
  readonly #message: string;
  readonly #ownNumber: string;
  readonly #sources: Record<Source, { table: string; time: string; sql: (isLong: boolean) => string }>;

  /** @param prices Country or prefix → price of a segment; `null` without prices. */
  constructor(
    database: PostackDatabase,
    private readonly prices: Readonly<Record<string, number>> | null,
  ) {
    this.#window = database.table(ReportWindowEntity);
    this.#message = database.table(MessageEntity);
    this.#ownNumber = database.table(ReportOwnNumberEntity);
    const messages = {
      source: this.#message,
      figures: database.table(ReportCountEntity),
      duration: database.table(ReportDurationEntity),
    };
    const events = {
      ...messages,
      source: database.table(InboxEventEntity),
      figures: database.table(ReportEventEntity),
    };
    this.#sources = {
      messages: {
        table: messages.source,
        time: 'first_event_at',
        sql: (isLong) => messageFiguresSql(messages, isLong ? 'sorted' : 'looked up'),
      },
      events: { table: events.source, time: 'received_at', sql: () => eventFiguresSql(events) },
    };
  }

  /** Replaces the figures of a window, or splits it, and replaces those of its parts. */
  async replace(source: Source, window: Window, manager: EntityManager): Promise<void> {
    const { start, seconds } = window;
    const end = endOf(window);
    const shorter = WINDOW_SECONDS.find((length) => length < seconds);
    if (shorter === undefined || !(await this.hasMoreThan(MAX_IN_WINDOW, source, start, end, manager))) {
      await this.replaceAll(source, [window], manager);
      return;
    }
    await this.#split(source, window, shorter, manager);
    for (let from = start; from < end; from = endOf({ start: from, seconds: shorter })) {
      await this.replace(source, { start: from, seconds: shorter }, manager);
    }
  }

  /** Replaces the figures of all windows of a time, which may be as long as a day. */
  async replaceAll(source: Source, windows: readonly Window[], manager: EntityManager): Promise<void> {
    const sorted = windows.toSorted((a, b) => a.start.getTime() - b.start.getTime());
    const [first, last] = [sorted[0], sorted.at(-1)];
    if (!first || !last) return;
    const [from, to] = [first.start, endOf(last)];
    // Not prepared: the plan depends on how long it is.
    await runSql(manager, this.#sources[source].sql(to.getTime() - from.getTime() >= LONG_MS), [
      from,
      to,
      sorted.map(({ start }) => start.toISOString()),
      sorted.map(({ seconds }) => seconds),
      ...(source === 'messages' ? [this.prices && JSON.stringify(this.prices)] : []),
    ]);
    if (source === 'messages') await this.#addOwnNumbers(from, to, manager);
  }

  /** Whether a time has more than `limit` messages, or events. */
  async hasMoreThan(
    limit: number,
    source: Source,
    from: Date,
    to: Date,
    manager: EntityManager,
  ): Promise<boolean> {
    const { table, time } = this.#sources[source];
    const [row] = await runPreparedSql<{ count: number }>(
      manager,
      `SELECT count(*)::integer AS count FROM (
         SELECT FROM ${table} WHERE ${time} >= $1 AND ${time} < $2 LIMIT $3::integer + 1
       ) AS rows`,
      [from, to, limit],
    );
    return row !== undefined && row.count > limit;
  }

  async #split(
    source: Source,
    { start, seconds }: Window,
    shorter: number,
    manager: EntityManager,
  ): Promise<void> {
    await runPreparedSql(
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

  async #addOwnNumbers(from: Date, to: Date, manager: EntityManager): Promise<void> {
    const unknown = await runPreparedSql<Pick<MessageEntity, 'direction' | 'from' | 'to'>>(
      manager,
      `SELECT DISTINCT ON (own_number_key) direction, from_number AS "from", to_number AS "to" FROM ${this.#message}
       WHERE first_event_at >= $1 AND first_event_at < $2
         AND NOT EXISTS (SELECT FROM ${this.#ownNumber} WHERE key = own_number_key)`,
      [from, to],
    );
    const numbers = unknown.map((one) => numbersOf(one).own).filter((own) => own !== null);
    if (numbers.length === 0) return;
    await runPreparedSql(
      manager,
      `INSERT INTO ${this.#ownNumber} (key, number) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING`,
      [numbers.map(({ key }) => key), numbers.map(({ number }) => number)],
    );
  }
}

function endOf({ start, seconds }: Window): Date {
  return new Date(start.getTime() + seconds * 1000);
}
