import type { EntityManager } from 'typeorm';
import { runSql } from '../database/run-sql.js';
import type { PostackDatabase } from '../database/postack-database.js';
import { settledSql } from '../dispatch/outcomes/event-status.js';
import { DeliveryEntity } from '../dispatch/outcomes/delivery.entity.js';
import { InboxEventEntity } from '../inbox/inbox-event.entity.js';
import { RetentionLeftoverEntity } from './retention-leftover.entity.js';
import type { ResolvedRetention } from './retention.options.js';
import { RetentionProgressEntity, type RetentionStep } from './retention-progress.entity.js';

/** Result of one chunk. */
export interface RetentionChunk {
  payloadsRemoved: number;
  eventsRemoved: number;
  /** Whether this step may have more events. */
  hasMore: boolean;
}

/** PostgreSQL rolls back longer transactions; the next run retries them. */
const STATEMENT_TIMEOUT_MS = 30_000;

/**
 * Processes the next events of a step in a short transaction: removes those that are due and settled, and records those
 * that are due and not settled. Locks the row of `retention_progress`, so that each of several processes gets different
 * events.
 */
export class RetentionChunks {
  readonly #inbox: string;
  readonly #delivery: string;
  readonly #progress: string;
  readonly #leftover: string;
  readonly #settled: string;

  constructor(
    private readonly database: PostackDatabase,
    private readonly days: Exclude<ResolvedRetention, false>,
    /** Maximum number of events in one transaction. */
    private readonly size: number,
  ) {
    this.#inbox = database.table(InboxEventEntity);
    this.#delivery = database.table(DeliveryEntity);
    this.#progress = database.table(RetentionProgressEntity);
    this.#leftover = database.table(RetentionLeftoverEntity);
    this.#settled = settledSql(database, 'e');
  }

  take(step: RetentionStep): Promise<RetentionChunk> {
    return this.database.forLongStatements.transaction(async (manager) => {
      // After a crash of PostgreSQL the chunk is repeated, so there is no need to wait for the disk.
      await runSql(
        manager,
        `SET LOCAL synchronous_commit = off; SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT_MS}`,
      );
      const ids = await this.#next(step, manager);
      const removed = ids.length > 0 ? await this.#remove(step, ids, manager) : NOTHING;
      return { ...removed, hasMore: ids.length === this.size };
    });
  }

  /** The next events of a step, oldest first. Records their position. */
  async #next(step: RetentionStep, manager: EntityManager): Promise<string[]> {
    const from = await this.#lockPlace(step, manager);
    const places: Place[] =
      step === 'leftovers'
        ? await runSql(
            manager,
            `SELECT event_id, 'epoch' AS received_at FROM ${this.#leftover} WHERE event_id > $1
             ORDER BY event_id LIMIT $2`,
            [from.event_id, this.size],
          )
        : await runSql(
            manager,
            `SELECT e.id AS event_id, e.received_at::text FROM ${this.#inbox} e
             WHERE (e.received_at, e.id) > ($1::timestamptz, $2::bigint) AND e.received_at < ${before('$3')}
             ORDER BY e.received_at, e.id LIMIT $4`,
            [
              from.received_at,
              from.event_id,
              step === 'payloads' ? this.days.payloadDays : this.days.eventDays,
              this.size,
            ],
          );
    const isRoundOver = step === 'leftovers' && places.length < this.size;
    const to = isRoundOver ? { received_at: 'epoch', event_id: '0' } : places.at(-1);
    if (to) {
      await runSql(
        manager,
        `UPDATE ${this.#progress} SET received_at = $2::timestamptz, event_id = $3 WHERE step = $1`,
        [step, to.received_at, to.event_id],
      );
    }
    return places.map((place) => place.event_id);
  }

  /** The position of the step; other processes wait for the transaction. */
  async #lockPlace(step: RetentionStep, manager: EntityManager): Promise<Place> {
    for (;;) {
      const [place]: Place[] = await runSql(
        manager,
        `SELECT received_at::text, event_id FROM ${this.#progress} WHERE step = $1 FOR UPDATE`,
        [step],
      );
      if (place) return place;
      await runSql(
        manager,
        `INSERT INTO ${this.#progress} (step, received_at, event_id) VALUES ($1, 'epoch', 0) ON CONFLICT DO NOTHING`,
        [step],
      );
    }
  }

  async #remove(
    step: RetentionStep,
    ids: readonly string[],
    manager: EntityManager,
  ): Promise<Omit<RetentionChunk, 'hasMore'>> {
    // A separate statement, before any delivery is read: a redelivery locks the event's row, and its changes are visible
    // only to a statement that begins afterwards. Locked events can wait.
    const locked: { id: string }[] = await runSql(
      manager,
      `SELECT id FROM ${this.#inbox} WHERE id = ANY ($1::bigint[]) FOR UPDATE SKIP LOCKED`,
      [ids],
    );
    const settled: { id: string; is_over: boolean; has_body: boolean }[] = await runSql(
      manager,
      `SELECT e.id, e.received_at < ${before('$2')} AS is_over, e.body IS NOT NULL AS has_body
       FROM ${this.#inbox} e
       WHERE e.id = ANY ($1::bigint[]) AND e.received_at < ${before('$3')} AND ${this.#settled}`,
      [locked.map(({ id }) => id), this.days.eventDays, this.days.payloadDays],
    );
    const over = settled.filter((event) => event.is_over).map(({ id }) => id);
    const stripped = settled.filter((event) => !event.is_over && event.has_body).map(({ id }) => id);
    if (over.length > 0) {
      await runSql(manager, `DELETE FROM ${this.#delivery} WHERE event_id = ANY ($1::bigint[])`, [over]);
      await runSql(manager, `DELETE FROM ${this.#inbox} WHERE id = ANY ($1::bigint[])`, [over]);
    }
    if (stripped.length > 0) {
      await runSql(manager, `UPDATE ${this.#inbox} SET body = NULL WHERE id = ANY ($1::bigint[])`, [
        stripped,
      ]);
    }
    if (step === 'leftovers' || settled.length < ids.length) await this.#noteLeftovers(ids, manager);
    return { payloadsRemoved: stripped.length, eventsRemoved: over.length };
  }

  /** Events that are due but were not removed are checked again later. */
  async #noteLeftovers(ids: readonly string[], manager: EntityManager): Promise<void> {
    const { payloadDays, eventDays } = this.days;
    await runSql(manager, NOTE_LEFTOVERS(this.#inbox, this.#leftover), [ids, payloadDays, eventDays]);
  }
}

/** The position of a step. The time is PostgreSQL's text: a `Date` would lose its microseconds. */
interface Place {
  received_at: string;
  event_id: string;
}

const NOTHING = { payloadsRemoved: 0, eventsRemoved: 0 };

/** SQL of the time that many days ago. */
function before(days: string): string {
  return `now() - make_interval(secs => ${days}::float8 * 86400)`;
}

const NOTE_LEFTOVERS = (inbox: string, leftover: string) =>
  `WITH left_over AS (
     SELECT id FROM ${inbox}
     WHERE id = ANY ($1::bigint[])
       AND (received_at < ${before('$3')} OR body IS NOT NULL AND received_at < ${before('$2')})
   ), noted AS (
     INSERT INTO ${leftover} (event_id) SELECT id FROM left_over ON CONFLICT DO NOTHING
   )
   DELETE FROM ${leftover}
   WHERE event_id = ANY ($1::bigint[]) AND event_id NOT IN (SELECT id FROM left_over)`;
