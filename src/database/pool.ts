import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';

/**
 * The node-postgres pool of a data source, for statements too frequent for TypeORM's own layer. No member of
 * `PostackDatabase`, whose declaration would then need `@types/pg` in applications.
 */
export function poolOf({ driver }: DataSource): Pool {
  return (driver as unknown as { master: Pool }).master;
}
