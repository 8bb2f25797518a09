import { Injectable } from '@nestjs/common';
import { PostackDatabase } from '../database/postack-database.js';
import { InboxEventEntity } from '../inbox/inbox-event.entity.js';
import { ListenerPauseEntity } from './listener-pause.entity.js';
import type { BlockedGroup, ListenerCounts, ListenerState } from './listener-state.js';
import { DeliveryEntity } from './outcomes/delivery.entity.js';
import type { Subscriber } from '../listeners/subscriptions.js';
import { WorkerEntity } from '../jobs/worker.entity.js';

/** A group counts as blocked once its first event has failed this often: the quick retries are over. */
const BLOCKED_AFTER_ATTEMPTS = 3;
const MAX_BLOCKED_GROUPS = 100;

interface CountRow {
  handler: string;
  waiting: string;
  running: string;
  retrying: string;
  dead: string;
  oldest: number | null;
}

interface BlockedGroupRow {
  event_id: string;
  attempts: number;
  since: Date | null;
  next_attempt_at: Date | null;
  waiting: string;
}

/** Reads how listeners and projections stand. */
@Injectable()
export class ListenerReports {
  readonly #delivery: string;

  constructor(private readonly database: PostackDatabase) {
    this.#delivery = database.table(DeliveryEntity);
  }

  async of(subscribers: readonly Subscriber[]): Promise<ListenerState[]> {
    const names = subscribers.map(({ name }) => name);
    const rows = await this.database.query<CountRow[]>(COUNTS(this.#delivery), [names]);
    const countsOf = new Map(rows.map((row) => [row.handler, row]));
    const pauses = await this.database.repository(ListenerPauseEntity).find();
    const pauseOf = new Map(pauses.map((pause) => [pause.listener, pause]));
    const workers = await this.database
      .repository(WorkerEntity)
      .find({ order: { startedAt: 'ASC', id: 'ASC' } });
    return Promise.all(
      subscribers.map(async ({ name, kind, types, ordered, declaredAt, handler }) => {
        const pause = pauseOf.get(name);
        const row = countsOf.get(name);
        return {
          ...{ name, kind, subscriptions: [...types], settings: handler?.settings ?? null },
          paused: pause ? { since: pause.pausedAt, reason: pause.reason } : null,
          counts: countsIn(row),
          oldestPendingSeconds: row?.oldest ?? null,
          blockedGroups: ordered ? await this.#blockedGroups(name) : [],
          workers: workers.filter(({ handlers }) => handlers.includes(name)).map(({ id }) => id),
          declaredAt,
        };
      }),
    );
  }

  async #blockedGroups(name: string): Promise<BlockedGroup[]> {
    const rows = await this.database.query<BlockedGroupRow[]>(
      BLOCKED_GROUPS(this.#delivery, this.database.table(InboxEventEntity)),
      [name, BLOCKED_AFTER_ATTEMPTS, MAX_BLOCKED_GROUPS],
    );
    return rows.map((row) => ({
      eventId: row.event_id,
      attempts: row.attempts,
      since: row.since,
      nextAttemptAt: row.next_attempt_at,
      waiting: Number(row.waiting),
    }));
  }
}

function countsIn(row: CountRow | undefined): ListenerCounts {
  const { waiting = 0, running = 0, retrying = 0, dead = 0 } = row ?? {};
  return {
    pending: Number(waiting) - Number(retrying),
    running: Number(running),
    retrying: Number(retrying),
    dead: Number(dead),
  };
}

/** Each part can use a partial index of its own, so the number of settled deliveries does not matter. */
const COUNTS = (delivery: string) => {
  const waiting = (which: string) => `
    SELECT count(*) AS count, min(run_at) AS oldest FROM ${delivery}
    WHERE handler = name AND status IN ('pending', 'retrying') AND ${which}`;
  const count = (status: string) => `
    (SELECT count(*) FROM ${delivery} WHERE handler = name AND status = '${status}')`;
  return `
    SELECT name AS handler, waiting.count AS waiting, ${count('running')} AS running,
      ${count('retrying')} AS retrying, ${count('dead')} AS dead,
      CASE WHEN waiting.oldest <= now() THEN extract(epoch FROM now() - waiting.oldest)::float8 END AS oldest
    FROM unnest($1::text[]) AS name CROSS JOIN LATERAL (
      SELECT sum(count) AS count, min(oldest) AS oldest FROM (
        ${waiting(`suspicion = 0 AND reason = 'initial'`)} UNION ALL
        ${waiting(`suspicion = 0 AND reason <> 'initial'`)} UNION ALL
        ${waiting('suspicion > 0')}) AS parts) AS waiting`;
};

const BLOCKED_GROUPS = (delivery: string, inbox: string) => `
  SELECT e.svix_id AS event_id, head.attempts, (head.first_error ->> 'at')::timestamptz AS since,
    head.run_at AS next_attempt_at,
    (SELECT count(*) - 1 FROM ${delivery} d WHERE d.handler = $1 AND d.order_key = head.order_key
       AND d.status IN ('pending', 'running', 'retrying')) AS waiting
  FROM (
    SELECT * FROM ${delivery}
    WHERE handler = $1 AND order_key IS NOT NULL AND status = 'retrying' AND attempts >= $2
    ORDER BY event_id LIMIT $3
  ) AS head JOIN ${inbox} e ON e.id = head.event_id
  ORDER BY since`;
