import type { OwnPool } from '../database/own-pool.js';

/** A row to be stored; one with a `quarantineReason` has no type and is never dispatched. */
export interface NewInboxRow {
  endpoint: string;
  svixId: string;
  type: string | null;
  occurredAt: Date;
  body: Buffer;
  secretFingerprint: string;
  clockSkewMs: number;
  quarantineReason: string | null;
  /** `currentTraceParent()` of the request. */
  traceParent: string | null;
}

/** The statement that stores events: any number of rows in one round trip, in a transaction of its own. */
export class InboxInsert {
  readonly #text: string;
  readonly #name: string;

  constructor(
    private readonly pool: OwnPool,
    private readonly table: string,
    /** After this time without a response the connection is dropped and replaced. */
    private readonly timeoutMs: number,
    /** SQL that announces the stored rows; `undefined` for none. */
    notify: string | undefined,
  ) {
    // All bodies are sent as one binary value and split by the server: an array of bytea would be sent as text,
    // twice as long.
    const insert = `
      INSERT INTO ${table} (endpoint, svix_id, type, status, occurred_at, body, secret_fingerprint, clock_skew_ms,
        quarantine_reason, trace_parent)
      SELECT endpoint, svix_id, type, CASE WHEN quarantine_reason IS NULL THEN 'pending' ELSE 'quarantined' END,
        least(occurred_at, now()), substring($1::bytea FROM body_start FOR body_length), secret_fingerprint, clock_skew_ms,
        quarantine_reason, trace_parent
      FROM unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::int[], $7::int[], $8::text[], $9::int[],
        $10::text[], $11::text[]) AS new (endpoint, svix_id, type, occurred_at, body_start, body_length, secret_fingerprint,
        clock_skew_ms, quarantine_reason, trace_parent)
      ON CONFLICT (endpoint, svix_id) DO NOTHING
      RETURNING endpoint, svix_id`;
    this.#text =
      notify === undefined
        ? insert
        : `WITH stored AS (${insert}) SELECT endpoint, svix_id, ${notify} FROM stored`;
    this.#name = notify === undefined ? 'postack_inbox_insert' : 'postack_inbox_insert_notify';
  }

  /** `InboxEventEntity.id` of those events that are stored as quarantined. */
  async quarantined(rows: readonly NewInboxRow[]): Promise<string[]> {
    const found = await this.pool.query<{ id: string }>({
      name: 'postack_inbox_quarantined',
      text: `SELECT id FROM ${this.table} WHERE status = 'quarantined'
        AND (endpoint, svix_id) IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
      values: [rows.map(({ endpoint }) => endpoint), rows.map(({ svixId }) => svixId)],
      timeoutMs: this.timeoutMs,
    });
    return found.map(({ id }) => id);
  }

  /** Needs the same privileges, and commits a transaction that has an id, which a read-only replica refuses. */
  async probe(timeoutMs: number): Promise<void> {
    await this.pool.query({
      text: `WITH probe AS (
          INSERT INTO ${this.table} (endpoint, svix_id, status, occurred_at, secret_fingerprint, clock_skew_ms)
          SELECT '', '', '', now(), '', 0 WHERE false)
        SELECT pg_current_xact_id()`,
      timeoutMs,
    });
  }

  /** For each row, whether it is new: false when its id was already stored or occurs earlier in `rows`. */
  async run(rows: readonly NewInboxRow[]): Promise<boolean[]> {
    // In key order, so that two processes inserting the same ids wait for each other instead of deadlocking.
    const sorted = rows.length > 1 ? [...rows].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)) : rows;
    let start = 1;
    const starts = sorted.map(({ body }) => (start += body.length) - body.length);
    const stored = await this.pool.query<{ endpoint: string; svix_id: string }>({
      name: this.#name,
      text: this.#text,
      timeoutMs: this.timeoutMs,
      values: [
        Buffer.concat(sorted.map((row) => row.body)),
        sorted.map((row) => row.endpoint),
        sorted.map((row) => row.svixId),
        sorted.map((row) => row.type),
        sorted.map((row) => row.occurredAt.toISOString()),
        starts,
        sorted.map((row) => row.body.length),
        sorted.map((row) => row.secretFingerprint),
        sorted.map((row) => row.clockSkewMs),
        sorted.map((row) => row.quarantineReason),
        sorted.map((row) => row.traceParent),
      ],
    });
    const newIds = new Set(stored.map((row) => keyOf({ endpoint: row.endpoint, svixId: row.svix_id })));
    // When an id occurs twice in a batch, only the first is new.
    return rows.map((row) => newIds.delete(keyOf(row)));
  }
}

/** Identifies an event. */
function keyOf({ endpoint, svixId }: Pick<NewInboxRow, 'endpoint' | 'svixId'>): string {
  return `${endpoint} ${svixId}`;
}
