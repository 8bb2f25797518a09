import type { DataSource } from 'typeorm';
import { openDataSource, type TestDatabase } from '../support/test-database.js';
import { QueryCounter } from '../support/query-counter.js';

/** A migrated data source that counts statements on the table `reply_rule`. */
export async function openRulesDataSource(
  database: TestDatabase,
): Promise<{ dataSource: DataSource; counter: QueryCounter }> {
  const dataSource = await openDataSource(database.url, { poolSize: 4 });
  const counter = new QueryCounter('reply_rule');
  dataSource.logger = counter;
  return { dataSource, counter };
}
