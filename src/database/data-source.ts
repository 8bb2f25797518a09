import { type DataSource } from 'typeorm';
import type { Pool } from 'pg';

/** Injection token of the data source that this module keeps its tables in. */
export const POSTACK_DATA_SOURCE = Symbol('nestjs-postack:data-source');

/** The node-postgres pool inside a TypeORM data source: for statements too frequent for TypeORM's own layer. */
export function poolOf(dataSource: DataSource): Pool {
  return (dataSource.driver as unknown as { master: Pool }).master;
}
