import type { TestDatabase } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';

/** Whatever can be asked. */
export type Database = Pick<TestDatabase, 'query'>;

/** A table of the tests' own: every call of a listener that came to its end, or, for some, began. */
export async function createCallTable(database: Database): Promise<void> {
  await database.query(`
    CREATE TABLE reliability_call (
      listener text NOT NULL, svix_id text NOT NULL, pid integer NOT NULL, attempt integer NOT NULL,
      called_at_ms bigint NOT NULL, outcome text NOT NULL)`);
  await database.query('CREATE INDEX ON reliability_call (svix_id, listener)');
  await database.query('ALTER TABLE reliability_call ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY');
  await database.query('CREATE TABLE reliability_write (listener text NOT NULL, svix_id text NOT NULL)');
}

/** What is missing of what was acknowledged. */
export interface Missing {
  /** Acknowledged ids that are not stored, or that some listener has not handled, by its own book or the package's. */
  lost: number;
  /** Those of them that are not stored. */
  unstored: number;
}

export const NOTHING_MISSING: Missing = { lost: 0, unstored: 0 };

/** Compares the load's book with the listeners' and with the package's. */
async function missing(database: Database, acknowledged: string[], listeners: string[]): Promise<Missing> {
  const rows = await database.query<Missing>(
    `SELECT count(*)::int AS lost, (count(*) FILTER (WHERE event.id IS NULL))::int AS unstored
     FROM unnest($1::text[]) AS posted (id) LEFT JOIN postack.inbox_event AS event ON event.svix_id = posted.id
     WHERE (SELECT count(*) FROM postack.delivery AS outcome WHERE outcome.event_id = event.id
         AND outcome.handler = ANY ($2) AND outcome.status = 'done') < cardinality($2::text[])
       OR (SELECT count(DISTINCT listener) FROM reliability_call AS call WHERE call.svix_id = posted.id
         AND call.listener = ANY ($2) AND call.outcome = 'done') < cardinality($2::text[])`,
    [acknowledged, listeners],
  );
  return rows[0]!;
}

/** Waits until nothing is missing; returns what still is when time is up. */
export async function missingInTheEnd(
  database: Database,
  acknowledged: string[],
  listeners: string[],
  timeoutMs: number,
): Promise<Missing> {
  let last: Missing | undefined;
  const look = async () => {
    last = await missing(database, acknowledged, listeners);
    return last.lost === 0 ? last : undefined;
  };
  // What is missing then is the result, and the test's own assertion tells of it.
  return waitUntil(look, { what: () => '', timeoutMs, everyMs: 250 }).catch((error: unknown) => {
    if (!last) throw error;
    return last;
  });
}

/** How often a listener handled an event again that it had handled before. */
export async function handledTwice(database: Database): Promise<number> {
  const rows = await database.query<{ again: number }>(
    `SELECT coalesce(sum(calls - 1), 0)::int AS again FROM
       (SELECT count(*) AS calls FROM reliability_call WHERE outcome = 'done' GROUP BY listener, svix_id) AS handled`,
  );
  return rows[0]!.again;
}

/**
 * Pairs of one message group that an ordered listener handled in the wrong order: the second was posted after the first
 * had been acknowledged, and handled first.
 *
 * @param groupOf The group of an event's number.
 */
export async function inverted(
  database: Database,
  load: { posted: ReadonlyMap<string, number>; acknowledgedAtMs: ReadonlyMap<string, number> },
  listener: string,
  groupOf: (id: string) => number,
): Promise<string[]> {
  const rows = await database.query<{ svix_id: string }>(
    `SELECT svix_id FROM reliability_call WHERE listener = $1 AND outcome = 'done' GROUP BY svix_id ORDER BY min(id)`,
    [listener],
  );
  const handled = rows.map((row) => row.svix_id).filter((id) => load.acknowledgedAtMs.has(id));
  const pairs: string[] = [];
  // The latest time at which an event of the group that was handled so far was posted.
  const latest = new Map<number, { id: string; postedMs: number }>();
  for (const id of handled) {
    const before = latest.get(groupOf(id));
    const postedMs = load.posted.get(id)!;
    if (before && load.acknowledgedAtMs.get(id)! < before.postedMs) pairs.push(`${before.id} before ${id}`);
    if (!before || postedMs > before.postedMs) latest.set(groupOf(id), { id, postedMs });
  }
  return pairs;
}

/** Events that a transactional listener has not written exactly once; those that were never acknowledged at most once. */
export async function notWrittenOnce(
  database: Database,
  acknowledged: readonly string[],
  listener: string,
): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM
       (SELECT svix_id, count(*) AS writes FROM reliability_write WHERE listener = $2 GROUP BY svix_id) AS written
       FULL JOIN unnest($1::text[]) AS posted (id) ON posted.id = written.svix_id
     WHERE writes IS NULL OR writes > 1`,
    [acknowledged, listener],
  );
  return row!.count;
}

/** Milliseconds from posting to the first call of a listener, for every event that was posted, ascending. */
export async function latencies(
  database: Database,
  posted: ReadonlyMap<string, number>,
  listeners: readonly string[],
): Promise<number[]> {
  const rows = await database.query<{ id: string; at: number }>(
    `SELECT svix_id AS id, min(called_at_ms)::float8 AS at FROM reliability_call
     WHERE listener = ANY ($1) AND svix_id = ANY ($2) GROUP BY listener, svix_id`,
    [listeners, [...posted.keys()]],
  );
  return rows.map(({ id, at }) => at - posted.get(id)!).sort((a, b) => a - b);
}

/** Prints one line of figures. */
export function tell(title: string, figures: Record<string, number | string>): void {
  const text = Object.entries(figures).map(([name, value]) => `${name} ${value}`);
  process.stdout.write(`${title}: ${text.join(', ')}\n`);
}
