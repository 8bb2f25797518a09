/** A reservation of evenly spaced times, or the rest of a block, in which case nothing is reserved. */
export interface Reservation {
  /** Milliseconds from now to the first reserved time; may be negative. */
  firstMs: number;
  /** Milliseconds until the end of a block; 0 without one. */
  blockedMs: number;
}

/** Reserves times at which requests may be made, `intervalMs` apart. */
export interface RequestSlots {
  /** Reserves the next `count` times. */
  reserve(count: number, intervalMs: number): Promise<Reservation>;
  /** Reserves no time before `ms` from now. Never shortens a longer block. */
  block(ms: number): Promise<void>;
}

/** For one process. */
export class MemorySlots implements RequestSlots {
  #nextMs = -Infinity;
  #blockedUntilMs = -Infinity;

  reserve(count: number, intervalMs: number): Promise<Reservation> {
    const nowMs = performance.now();
    const blockedMs = this.#blockedUntilMs - nowMs;
    if (blockedMs > 0) return Promise.resolve({ firstMs: 0, blockedMs });
    const firstMs = Math.max(this.#nextMs - nowMs, 0);
    this.#nextMs = nowMs + firstMs + count * intervalMs;
    return Promise.resolve({ firstMs, blockedMs: 0 });
  }

  block(ms: number): Promise<void> {
    this.#blockedUntilMs = Math.max(this.#blockedUntilMs, performance.now() + ms);
    return Promise.resolve();
  }
}

/** What is used of a `Pool` of node-postgres. */
export interface SlotsPool {
  query: (text: string, values: unknown[]) => Promise<{ rows: unknown[] }>;
}

/** For all processes that share a PostgreSQL database, by its clock. */
export class PostgresSlots implements RequestSlots {
  readonly #reserve: string;
  readonly #block: string;

  /**
   * @param table Of `RequestRateEntity`, with its schema, quoted as needed.
   * @param key What is limited: a key of that table.
   */
  constructor(
    private readonly pool: SlotsPool,
    table: string,
    private readonly key: string,
  ) {
    const after = (what: string) => `clock_timestamp() + ${what} * interval '1 millisecond'`;
    // The row is locked before its new values are computed, so that no two processes get the same time.
    this.#reserve = `
      INSERT INTO ${table} AS rate (key, next_at) VALUES ($1, ${after('$2::float8')})
      ON CONFLICT (key) DO UPDATE SET next_at = CASE
        WHEN rate.blocked_until > clock_timestamp() THEN rate.next_at
        ELSE greatest(rate.next_at, clock_timestamp()) + $2::float8 * interval '1 millisecond' END
      RETURNING extract(epoch FROM next_at - clock_timestamp())::float8 * 1000 AS next,
        extract(epoch FROM blocked_until - clock_timestamp())::float8 * 1000 AS blocked`;
    this.#block = `
      INSERT INTO ${table} AS rate (key, next_at, blocked_until) VALUES ($1, clock_timestamp(), ${after('$2::float8')})
      ON CONFLICT (key) DO UPDATE SET blocked_until = greatest(rate.blocked_until, excluded.blocked_until)`;
  }

  async reserve(count: number, intervalMs: number): Promise<Reservation> {
    const durationMs = count * intervalMs;
    const { rows } = await this.pool.query(this.#reserve, [this.key, durationMs]);
    const [row] = rows as [{ next: number; blocked: number | null }];
    return { firstMs: row.next - durationMs, blockedMs: Math.max(row.blocked ?? 0, 0) };
  }

  async block(ms: number): Promise<void> {
    await this.pool.query(this.#block, [this.key, ms]);
  }
}
