import { Injectable } from '@nestjs/common';
import { InboxEventEntity } from '../inbox/inbox-event.entity.js';
import { PostackDatabase } from '../database/postack-database.js';
import { Alerts } from './alerts.js';
import { EventHourEntity } from './event-hour.entity.js';
import { missingEvents, WEEKS } from './silence-rule.js';
import { SilenceWatchEntity } from './silence-watch.entity.js';
import { AlertsOptions } from './alerts.options.js';

const HOUR_MS = 3_600_000;

/** Hours that are counted at once: a month of a new installation is learned in half an hour of runs. */
const HOURS_AT_ONCE = 24;

/** Those that decide, and a day more. */
const KEPT_HOURS = (WEEKS * 7 + 1) * 24;

/** Watched every minute; after a longer pause it begins anew. */
const GAP_MS = 10 * 60_000;

const KEY = 'events';

/** Raises the alert that no event has come in for longer than usual, from what it has learned of each hour of the week. */
@Injectable()
export class SilenceWatch {
  readonly #inbox: string;
  readonly #hours: string;
  readonly #watched: string;

  constructor(
    private readonly database: PostackDatabase,
    private readonly options: AlertsOptions,
    private readonly alerts: Alerts,
  ) {
    this.#inbox = database.table(InboxEventEntity);
    this.#hours = database.table(EventHourEntity);
    this.#watched = database.table(SilenceWatchEntity);
  }

  /** Learns, and raises or resolves the alert. @param now For tests. */
  async run(now: Date = new Date()): Promise<void> {
    await this.#learn(now);
    const watchingSince = await this.#watch(now);
    const lastEventAt = await this.#lastEventAt();
    if (!lastEventAt) return;
    const open = await this.alerts.findOpen('silence', KEY);
    if (open) {
      if (lastEventAt > open.openedAt) await this.alerts.resolve({ kind: 'silence', key: KEY }, now);
      return;
    }
    const { silenceMinutes, silenceEvents } = this.options;
    const missing = missingEvents({
      now,
      // While no process ran, nothing could come in.
      silentSince: lastEventAt > watchingSince ? lastEventAt : watchingSince,
      hours: await this.#known(),
      minMs: silenceMinutes * 60_000,
      minEvents: silenceEvents,
    });
    if (missing === 0) return;
    const alert = {
      ...({ kind: 'silence', key: KEY } as const),
      summary:
        `No event has come in since ${lastEventAt.toISOString()}, when about ${missing} are usual. Look at the ` +
        'endpoint at Postack (is it enabled, do its deliveries fail?), and at the tunnel or proxy before this backend',
      details: { lastEventAt: lastEventAt.toISOString(), missingEvents: missing },
    };
    await this.database.transaction((manager) => this.alerts.raise(alert, manager, now));
  }

  /** Counts the hours that have passed since the last one that was counted. Nothing to do, but once an hour. */
  async #learn(now: Date): Promise<void> {
    const [bounds]: { counted_until: Date | null }[] = await this.database.query(
      `SELECT coalesce(
         (SELECT max(hour) + interval '1 hour' FROM ${this.#hours}),
         (SELECT date_trunc('hour', min(received_at), 'UTC') FROM ${this.#inbox})
       ) AS counted_until`,
    );
    const oldest = hourOf(now.getTime()) - KEPT_HOURS * HOUR_MS;
    const from = Math.max(bounds?.counted_until?.getTime() ?? Infinity, oldest);
    const until = Math.min(from + HOURS_AT_ONCE * HOUR_MS, hourOf(now.getTime()));
    if (!(from < until)) return;
    await this.database.query(
      `INSERT INTO ${this.#hours} (hour, events)
       SELECT hour, (SELECT count(*) FROM ${this.#inbox} WHERE received_at >= hour AND received_at < hour + interval '1 hour')
       FROM generate_series($1::timestamptz, $2::timestamptz - interval '1 hour', interval '1 hour') AS hour
       ON CONFLICT DO NOTHING`,
      [new Date(from).toISOString(), new Date(until).toISOString()],
    );
    await this.database.query(`DELETE FROM ${this.#hours} WHERE hour < $1`, [new Date(oldest).toISOString()]);
  }

  /** Notes that it is watched. @returns since when, without a gap. */
  async #watch(now: Date): Promise<Date> {
    const [row]: { watching_since: Date }[] = await this.database.query(
      `INSERT INTO ${this.#watched} AS watched (id, watched_at, watching_since) VALUES (1, $1, $1)
       ON CONFLICT (id) DO UPDATE SET watched_at = greatest(watched.watched_at, excluded.watched_at),
         watching_since = CASE WHEN watched.watched_at < $2 THEN excluded.watched_at ELSE watched.watching_since END
       RETURNING watching_since`,
      [now.toISOString(), new Date(now.getTime() - GAP_MS).toISOString()],
    );
    return row?.watching_since ?? now;
  }

  async #lastEventAt(): Promise<Date | null> {
    const [row]: { last: Date | null }[] = await this.database.query(
      `SELECT max(received_at) AS last FROM ${this.#inbox}`,
    );
    return row?.last ?? null;
  }

  async #known(): Promise<Map<number, number>> {
    const rows = await this.database.repository(EventHourEntity).find();
    return new Map(rows.map(({ hour, events }) => [hour.getTime(), events]));
  }
}

function hourOf(ms: number): number {
  return Math.floor(ms / HOUR_MS) * HOUR_MS;
}
