import { poolOf } from '../database/pool.js';
import type { PostackDatabase } from '../database/postack-database.js';
import type { PostackApiOptions } from './postack-api.options.js';
import { PostackClient } from './postack-client.js';
import { postgresRequestRate } from './request-rate.js';
import { RequestRateEntity } from './request-rate.entity.js';
import { UnconfiguredPostackClient } from './unconfigured-client.js';

/**
 * The client of the module: the application's own, or one whose request rate is shared by all processes on this database.
 *
 * @throws {ConfigurationError} listing every invalid option.
 */
export function postackClient({ api }: PostackApiOptions, database: PostackDatabase): PostackClient {
  if (!api) return new UnconfiguredPostackClient();
  if (api instanceof PostackClient) return api;
  const { requestsPerSecond, ...options } = api;
  const { schema, tableName } = database.dataSource.getMetadata(RequestRateEntity);
  const requestRate = postgresRequestRate({
    pool: poolOf(database.dataSource),
    schema: schema ?? 'public',
    table: tableName,
    apiKey: options.apiKey ?? '',
    requestsPerSecond,
  });
  return new PostackClient({ ...options, requestRate });
}
