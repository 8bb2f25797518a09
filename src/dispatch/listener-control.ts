import { Injectable } from '@nestjs/common';
import { PostackDatabase } from '../database/postack-database.js';
import { InboxEventEntity } from '../inbox/inbox-event.entity.js';
import { InboxOptions } from '../inbox/inbox.options.js';
import { Notifications } from '../jobs/notifications.js';
import { PgBossService } from '../jobs/pg-boss.service.js';
import type { Handler } from '../listeners/handler.js';
import { HandlerRegistry } from '../listeners/handler-registry.js';
import { HandlerWorkers } from './deliveries/handler-workers.js';
import { HandlerNotFoundError, InvalidPauseError } from './dispatch-errors.js';
import { ListenerPauseEntity } from './listener-pause.entity.js';
import type { BlockedGroup, ListenerCounts, ListenerState } from './listener-state.js';
import { HandlerOutcomeEntity } from './outcomes/handler-outcome.entity.js';

/** A group counts as blocked once its first event has failed this often: the quick retries are over. */
const BLOCKED_AFTER_ATTEMPTS = 3;
const MAX_BLOCKED_GROUPS = 100;

interface BlockedGroupRow {
  event_id: string;
  attempts: number;
  since: Date | null;
  next_attempt_at: Date | null;
  waiting: string;
}

/** Reports the state of listeners and projections, and pauses and resumes listeners. */
@Injectable()
export class ListenerControl {
  constructor(
    private readonly database: PostackDatabase,
    private readonly options: InboxOptions,
    private readonly registry: HandlerRegistry,
    private readonly notifications: Notifications,
    private readonly workers: HandlerWorkers,
    private readonly jobs: PgBossService,
  ) {}

  /** All listeners and projections, sorted by name. */
  report(): Promise<ListenerState[]> {
    const handlers = [...this.registry.listeners, ...this.registry.projections];
    return this.#report(handlers.sort((a, b) => (a.name < b.name ? -1 : 1)));
  }

  /** One listener or projection; `null` when there is none of this name. */
  async find(name: string): Promise<ListenerState | null> {
    const handler = this.registry.get(name);
    const [state] = handler ? await this.#report([handler]) : [];
    return state ?? null;
  }

  /**
   * Pauses a listener in all processes: its events are queued until it is resumed. Running calls finish; accepting,
   * projections and other listeners are not affected. Pausing it again replaces the reason.
   *
   * @throws {HandlerNotFoundError}
   * @throws {InvalidPauseError} when it is a projection.
   */
  async pause(name: string, reason?: string): Promise<void> {
    const handler = this.registry.get(name);
    if (!handler) throw new HandlerNotFoundError(name);
    if (handler.kind === 'projection') {
      throw new InvalidPauseError(
        `"${name}" is a projection and cannot be paused: it runs as part of the dispatch. Only listeners can be paused`,
      );
    }
    await this.database.transaction(async (manager) => {
      await manager.query(
        `INSERT INTO ${this.database.table(ListenerPauseEntity)} (listener, reason) VALUES ($1, $2)
         ON CONFLICT (listener) DO UPDATE SET reason = excluded.reason`,
        [name, reason ?? null],
      );
      await this.notifications.pauses(manager);
    });
  }

  /**
   * Resumes a listener in all processes, with the events that were queued meanwhile. No effect when it is not paused.
   *
   * @throws {HandlerNotFoundError}
   */
  async resume(name: string): Promise<void> {
    await this.database.transaction(async (manager) => {
      const { affected } = await manager.getRepository(ListenerPauseEntity).delete({ listener: name });
      if (!affected && !this.registry.get(name)) throw new HandlerNotFoundError(name);
      await this.notifications.pauses(manager);
    });
  }

  async #report(handlers: readonly Handler[]): Promise<ListenerState[]> {
    const counts = await this.#counts(handlers);
    const pauses = await this.database.repository(ListenerPauseEntity).find();
    const pauseOf = new Map(pauses.map((pause) => [pause.listener, pause]));
    return Promise.all(
      handlers.map(async (handler) => {
        const { name, kind, settings } = handler;
        const pause = pauseOf.get(name);
        return {
          name,
          kind,
          subscriptions: handler.subscriptions.map((one) => (typeof one === 'string' ? one : one.type)),
          settings,
          paused: pause ? { since: pause.pausedAt, reason: pause.reason } : null,
          counts: counts.get(name) ?? { queued: 0, retrying: 0, dead: 0 },
          blockedGroups: settings.ordered ? await this.#blockedGroups(name) : [],
        };
      }),
    );
  }

  /** Cheap for many events: an index covers retrying and dead ones, and pg-boss counts its queues in the background. */
  async #counts(handlers: readonly Handler[]): Promise<Map<string, ListenerCounts>> {
    await this.workers.prepare();
    const queues = await this.jobs.boss.getQueues(handlers.map(({ queue }) => queue));
    const queued = new Map(queues.map(({ name, queuedCount }) => [name, queuedCount]));
    const rows = await this.database.query<{ handler: string; retrying: string; dead: string }[]>(
      `SELECT handler, count(*) FILTER (WHERE status = 'retrying') AS retrying,
         count(*) FILTER (WHERE status = 'dead') AS dead
       FROM ${this.database.table(HandlerOutcomeEntity)}
       WHERE status IN ('retrying', 'dead') AND handler = ANY ($1::text[]) GROUP BY handler`,
      [handlers.map(({ name }) => name)],
    );
    const failed = new Map(rows.map((row) => [row.handler, row]));
    return new Map(
      handlers.map(({ name, queue }) => {
        const { retrying, dead } = failed.get(name) ?? { retrying: 0, dead: 0 };
        return [name, { queued: queued.get(queue) ?? 0, retrying: Number(retrying), dead: Number(dead) }];
      }),
    );
  }

  async #blockedGroups(name: string): Promise<BlockedGroup[]> {
    const rows = await this.database.query<BlockedGroupRow[]>(
      BLOCKED_GROUPS(this.database.table(HandlerOutcomeEntity), this.database.table(InboxEventEntity)),
      [name, BLOCKED_AFTER_ATTEMPTS, MAX_BLOCKED_GROUPS, this.options.endpoint],
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

const BLOCKED_GROUPS = (outcome: string, inbox: string) => `
  SELECT e.svix_id AS event_id, head.attempts, (head.first_error ->> 'at')::timestamptz AS since,
    head.next_attempt_at,
    (SELECT count(*) - 1 FROM ${outcome} o WHERE o.handler = $1 AND o.order_key = head.order_key
       AND o.status IN ('pending', 'retrying')) AS waiting
  FROM (
    SELECT * FROM ${outcome}
    WHERE handler = $1 AND order_key IS NOT NULL AND status = 'retrying' AND attempts >= $2
    ORDER BY event_id LIMIT $3
  ) AS head JOIN ${inbox} e ON e.id = head.event_id
  WHERE e.endpoint = $4 ORDER BY since`;
