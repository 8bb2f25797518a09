import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';

/**
 * The node-postgres pool of a data source, for statements too frequent for TypeORM's own layer. No member of
 * `PostackDatabase`, whose declaration would then need `@types/pg` in applications.
 */
export function poolOf({ driver }: DataSource): Pool {
  return (driver as unknown as { master: Pool }).master;
}

/** Closes the idle connections of a pool. When one connection has fallen silent, these probably have too. */
export async function dropIdleConnections(pool: Pool | undefined): Promise<void> {
  // The data source has been destroyed.
  if (!pool) return;
  for (let idle = pool.idleCount; idle > 0 && pool.idleCount > 0; idle--) {
    const client = await pool.connect().catch(() => undefined);
    client?.release(true);
  }
}
