import { EVENT_COLUMNS } from '../stored-events.js';

/** A delivery that was alone in its process when that died is dead after this many crashes. */
export const MAX_CRASHES = 3;

const WAITING = `status IN ('pending', 'retrying')`;

/** The statements of `Ledger`, which says what they do. */
export type LedgerSql = ReturnType<typeof ledgerSql>;

/** With the tables of `DeliveryEntity`, `InboxEventEntity` and `WorkerEntity`. */
export function ledgerSql(delivery: string, inbox: string, worker: string) {
  const isOpen = `status IN ('pending', 'running', 'retrying')`;

  /**
   * Id of the first event of a message group. A subquery with LIMIT is never made a join, for which PostgreSQL reads all
   * groups as long as it has no statistics.
   */
  const headOf = (handler: string, orderKey: string) => `(
      SELECT o.event_id FROM ${delivery} o
      WHERE o.handler = ${handler} AND o.order_key = ${orderKey} AND o.${isOpen}
      ORDER BY o.occurred_at, o.event_id LIMIT 1)`;

  /** The first of its group, and none of the group is running. */
  const isHead = `d.event_id < $4 AND d.event_id = ${headOf('d.handler', 'd.order_key')} AND (
      SELECT true FROM ${delivery} o
      WHERE o.handler = d.handler AND o.order_key = d.order_key AND o.status = 'running' LIMIT 1) IS NULL`;

  /** Rows that are due. @param which Selects one of the indexes. */
  const due = (which: string, order: string, limit: string, condition = 'true') => `
    SELECT d.event_id FROM ${delivery} d
    WHERE d.handler = $1 AND d.${WAITING} AND ${which} AND d.run_at <= now() AND ${condition}
    ORDER BY ${order} LIMIT ${limit} FOR UPDATE SKIP LOCKED`;

  const take = (picked: string, from: string) => `
    WITH ${picked}, taken AS (
      UPDATE ${delivery} d SET status = 'running', worker = $3 FROM (${from}) AS picked
      WHERE d.event_id = picked.event_id AND d.handler = $1
      RETURNING d.event_id, d.generation, d.attempts, d.interruptions, d.reason, d.replay_id, d.order_key
    )
    SELECT taken.*, ${EVENT_COLUMNS} FROM taken JOIN ${inbox} e ON e.id = taken.event_id ORDER BY e.id`;

  const takeDue = (condition?: string) =>
    take(
      `live AS MATERIALIZED (${due(`d.suspicion = 0 AND d.reason = 'initial'`, 'd.run_at, d.event_id', '$2', condition)}),
       again AS MATERIALIZED (${due(
         `d.suspicion = 0 AND d.reason <> 'initial'`,
         'd.run_at, d.event_id',
         '$2 - (SELECT count(*) FROM live)',
         condition,
       )})`,
      'SELECT event_id FROM live UNION ALL SELECT event_id FROM again',
    );

  const takeSuspects = (condition?: string) =>
    take(
      `together AS MATERIALIZED (${due('d.suspicion = 1', 'd.run_at', '$2', condition)}),
       alone AS MATERIALIZED (${due(
         'd.suspicion > 1',
         'd.crashes, d.run_at',
         '(SELECT CASE WHEN count(*) = 0 THEN 1 ELSE 0 END FROM together)',
         condition,
       )})`,
      'SELECT event_id FROM together UNION ALL SELECT event_id FROM alone',
    );

  /** Has the key in `$1` to `$4`, and is running. */
  const isHeld = `event_id = $1 AND handler = $2 AND generation = $3 AND worker = $4 AND status = 'running'`;

  return {
    dispatch: `
      WITH marked AS (UPDATE ${inbox} AS e SET
        status = mark.status,
        dispatched_at = clock_timestamp(),
        projections = string_to_array(mark.projections, ','),
        kind = mark.kind,
        mapping_id = $13
      FROM unnest($9::bigint[], $10::text[], $11::text[], $12::text[]) AS mark (id, status, projections, kind)
      WHERE e.id = mark.id),
      written AS (INSERT INTO ${delivery} (event_id, handler, status, attempts, worker, run_at, order_key, occurred_at)
      SELECT new.event_id, ($1::text[])[new.handler], CASE WHEN new.is_held THEN 'running' ELSE 'pending' END, 0,
        CASE WHEN new.is_held THEN $2::uuid END,
        CASE WHEN new.order_key IS NULL OR NOT new.is_behind AND NOT EXISTS (
          SELECT 1 FROM ${delivery} o WHERE o.handler = ($1::text[])[new.handler] AND o.order_key = new.order_key
            AND o.status IN ('pending', 'running', 'retrying')) THEN now() END,
        new.order_key, new.occurred_at
      FROM unnest($3::bigint[], $4::int[], $5::boolean[], $6::text[], $7::timestamptz[], $8::boolean[])
        AS new (event_id, handler, is_held, order_key, occurred_at, is_behind)
      ON CONFLICT (event_id, handler) DO NOTHING RETURNING handler, order_key, run_at)
      SELECT handler, array_agg(DISTINCT order_key) AS "orderKeys" FROM written
      WHERE order_key IS NOT NULL AND run_at IS NULL GROUP BY handler`,

    setAside: `
      INSERT INTO ${delivery} AS d (event_id, handler, status, attempts, first_error, last_error, run_at)
      SELECT event_id, $1, 'retrying', 1, error, error, now()
      FROM unnest($2::bigint[], $3::jsonb[]) AS new (event_id, error)
      ON CONFLICT (event_id, handler) DO UPDATE SET status = 'retrying', attempts = 1, first_error = excluded.first_error,
        last_error = excluded.last_error, run_at = now(), updated_at = now(), generation = d.generation + 1`,

    take: takeDue(),
    takeOrdered: takeDue(isHead),
    takeSuspects: takeSuspects(),
    takeOrderedSuspects: takeSuspects(isHead),

    suspected: `
      SELECT name AS handler FROM unnest($1::text[]) AS name WHERE EXISTS (
        SELECT 1 FROM ${delivery} WHERE handler = name AND ${WAITING} AND suspicion > 0 AND run_at <= now())`,

    firstUndispatched: `
      SELECT (SELECT min(id) FROM ${inbox} WHERE status = 'pending' AND id > $1) AS first,
        (SELECT max(id) FROM ${inbox}) AS last`,

    // A success counts also when the delivery was released and has not been taken again.
    settle: `
      UPDATE ${delivery} d SET
        status = CASE WHEN new.status <> 'given-back' THEN new.status
          WHEN d.attempts > 0 THEN 'retrying' ELSE 'pending' END,
        attempts = new.attempts,
        worker = NULL,
        suspicion = CASE WHEN new.status = 'given-back' THEN d.suspicion ELSE 0 END,
        first_error = coalesce(d.first_error, new.error),
        last_error = coalesce(new.error, d.last_error),
        run_at = CASE WHEN new.status IN ('retrying', 'given-back')
          THEN clock_timestamp() + make_interval(secs => new.delay_ms / 1000) END,
        updated_at = now()
      FROM unnest($1::bigint[], $2::text[], $3::int[], $4::uuid[], $5::text[], $6::int[], $7::jsonb[], $8::float8[])
        AS new (event_id, handler, generation, worker, status, attempts, error, delay_ms)
      WHERE d.event_id = new.event_id AND d.handler = new.handler AND d.generation = new.generation
        AND (d.worker = new.worker AND d.status = 'running' OR new.status = 'done' AND d.${WAITING})`,

    lock: `SELECT 1 FROM ${delivery} WHERE ${isHeld} FOR UPDATE`,

    markDone: `
      UPDATE ${delivery} SET status = 'done', attempts = $5, worker = NULL, suspicion = 0, run_at = NULL,
        updated_at = now()
      WHERE ${isHeld}`,

    unblock: `
      UPDATE ${delivery} d SET run_at = now() FROM unnest($2::text[]) AS groups (order_key)
      WHERE d.event_id = ${headOf('$1', 'groups.order_key')} AND d.handler = $1 AND d.status = 'pending'
        AND d.run_at IS NULL
      RETURNING 1 AS unblocked`,

    unblockAll: `
      UPDATE ${delivery} d SET run_at = now()
      WHERE d.handler = $1 AND d.status = 'pending' AND d.run_at IS NULL
        AND d.event_id = ${headOf('$1', 'd.order_key')}
      RETURNING 1 AS unblocked`,

    release: `
      WITH held AS (
        SELECT d.event_id, d.handler, d.worker, d.suspicion FROM ${delivery} d
        WHERE d.status = 'running' AND NOT EXISTS (SELECT 1 FROM ${worker} w WHERE w.id = d.worker)
        FOR UPDATE SKIP LOCKED
      ), judged AS (
        SELECT event_id, handler, suspicion > 1 AS was_alone,
          CASE WHEN suspicion = max(suspicion) OVER (PARTITION BY worker) THEN least(suspicion + 1, 2)
            ELSE suspicion END AS suspicion
        FROM held
      ), released AS (
        UPDATE ${delivery} d SET
          status = CASE WHEN was_alone AND d.crashes + 1 >= ${MAX_CRASHES} THEN 'dead'
            WHEN d.attempts > 0 THEN 'retrying' ELSE 'pending' END,
          interruptions = d.interruptions + 1,
          crashes = d.crashes + was_alone::int,
          suspicion = judged.suspicion,
          worker = NULL,
          run_at = now(),
          updated_at = now(),
          first_error = CASE WHEN was_alone THEN coalesce(d.first_error, ${crashError}) ELSE d.first_error END,
          last_error = CASE WHEN was_alone THEN ${crashError} ELSE d.last_error END
        FROM judged WHERE d.event_id = judged.event_id AND d.handler = judged.handler
        RETURNING d.event_id, d.handler, d.status, d.crashes
      )
      SELECT released.handler, released.status, released.crashes, e.svix_id AS "svixId"
      FROM released JOIN ${inbox} e ON e.id = released.event_id`,

    giveBackAll: `
      UPDATE ${delivery} SET status = CASE WHEN attempts > 0 THEN 'retrying' ELSE 'pending' END,
        worker = NULL, run_at = now(), updated_at = now()
      WHERE worker = $1 AND status = 'running'`,
  };
}

/** SQL of the `RecordedError` of a crash. */
const crashError = `jsonb_build_object(
            'at', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
            'name', 'ProcessDiedError',
            'message', format('%s process crashes while %s was handling this event, alone in the process',
              d.crashes + 1, d.handler),
            'stack', NULL)`;
