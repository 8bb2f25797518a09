import { Injectable } from '@nestjs/common';
import { InboxEventEntity } from '../inbox/inbox-event.entity.js';
import { PostackDatabase } from '../database/postack-database.js';
import { Alerts } from './alerts.js';
import { EventHourEntity } from './event-hour.entity.js';
import { missingEvents, WEEKS } from './silence-rule.js';
import { SilenceWatchEntity } from './silence-watch.entity.js';
import { AlertsOptions } from './alerts.options.js';

const HOUR_MS = 3_600_000;

/** Hours counted in one run. With a run per minute, 4 weeks are counted in half an hour. */
const HOURS_PER_RUN = 24;

/** The hours that the rule considers, and a margin of 1 day. */
const KEPT_HOURS = (WEEKS * 7 + 1) * 24;

/** A longer time between two checks means that no process was running. */
const GAP_MS = 10 * 60_000;

const KEY = 'events';

/** Raises an alert if no event has arrived for longer than usual at this time of the week. */
@Injectable()
export class SilenceWatch {
  constructor(
    private readonly database: PostackDatabase,
    private readonly options: AlertsOptions,
    private readonly alerts: Alerts,
  ) {}

  /** Counts past hours, then raises or resolves the alert. @param now For tests. */
  async run(now: Date = new Date()): Promise<void> {
    await this.#countHours(now);
    const watchingSince = await this.#recordCheck(now);
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
      // No event could arrive while no process was running.
      silentSince: lastEventAt > watchingSince ? lastEventAt : watchingSince,
      hours: await this.#countedHours(),
      minMs: silenceMinutes * 60_000,
      minEvents: silenceEvents,
    });
    if (missing === 0) return;
    const alert = {
      ...({ kind: 'silence', key: KEY } as const),
      summary:
        `No event has arrived since ${lastEventAt.toISOString()}; about ${missing} were expected. Check the endpoint at ` +
        'Postack (is it enabled, are its deliveries failing?) and the tunnel or proxy in front of this backend',
      details: { lastEventAt: lastEventAt.toISOString(), missingEvents: missing },
    };
    await this.database.transaction((manager) => this.alerts.raise(alert, manager, now));
  }

  /** Counts the events of past hours that have not been counted yet. */
  async #countHours(now: Date): Promise<void> {
    const hours = this.database.table(EventHourEntity);
    const inbox = this.database.table(InboxEventEntity);
    const [bounds]: { counted_until: Date | null }[] = await this.database.query(
      `SELECT coalesce(
         (SELECT max(hour) + interval '1 hour' FROM ${hours}),
         (SELECT date_trunc('hour', min(received_at), 'UTC') FROM ${inbox})
       ) AS counted_until`,
    );
    const oldest = hourOf(now.getTime()) - KEPT_HOURS * HOUR_MS;
    const from = Math.max(bounds?.counted_until?.getTime() ?? Infinity, oldest);
    const until = Math.min(from + HOURS_PER_RUN * HOUR_MS, hourOf(now.getTime()));
    if (!(from < until)) return;
    await this.database.query(
      `INSERT INTO ${hours} (hour, events)
       SELECT hour, (
         SELECT count(*) FROM ${inbox} WHERE received_at >= hour AND received_at < hour + interval '1 hour'
       )
       FROM generate_series($1::timestamptz, $2::timestamptz - interval '1 hour', interval '1 hour') AS hour
       ON CONFLICT DO NOTHING`,
      [new Date(from).toISOString(), new Date(until).toISOString()],
    );
    await this.database.query(`DELETE FROM ${hours} WHERE hour < $1`, [new Date(oldest).toISOString()]);
  }

  /** Records that a process is running. @returns since when, without a gap. */
  async #recordCheck(now: Date): Promise<Date> {
    const [row]: { watching_since: Date }[] = await this.database.query(
      `INSERT INTO ${this.database.table(SilenceWatchEntity)} AS watched (id, watched_at, watching_since) VALUES (1, $1, $1)
       ON CONFLICT (id) DO UPDATE SET watched_at = greatest(watched.watched_at, excluded.watched_at),
         watching_since = CASE WHEN watched.watched_at < $2 THEN excluded.watched_at ELSE watched.watching_since END
       RETURNING watching_since`,
      [now.toISOString(), new Date(now.getTime() - GAP_MS).toISOString()],
    );
    return row?.watching_since ?? now;
  }

  async #lastEventAt(): Promise<Date | null> {
    const [row]: { last: Date | null }[] = await this.database.query(
      `SELECT max(received_at) AS last FROM ${this.database.table(InboxEventEntity)}`,
    );
    return row?.last ?? null;
  }

  /** Start of the hour, in ms since 1970 → number of events. */
  async #countedHours(): Promise<Map<number, number>> {
    const rows = await this.database.repository(EventHourEntity).find();
    return new Map(rows.map(({ hour, events }) => [hour.getTime(), events]));
  }
}

function hourOf(ms: number): number {
  return Math.floor(ms / HOUR_MS) * HOUR_MS;
}
