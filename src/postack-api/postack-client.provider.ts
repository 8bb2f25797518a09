import type { DataSource } from 'typeorm';
import { poolOf } from '../database/data-source.js';
import type { ResolvedPostackOptions } from '../postack.options.js';
import { PostackClient } from './postack-client.js';
import { postgresRequestRate } from './request-rate.js';
import { RequestRateEntity } from './request-rate.entity.js';
import { UnconfiguredPostackClient } from './unconfigured-client.js';

/**
 * The module's client: the application's own, or one that shares its request rate with all processes on this database.
 *
 * @throws {ConfigurationError} naming every wrong option.
 */
export function postackClient({ api }: ResolvedPostackOptions, dataSource: DataSource): PostackClient {
  if (!api) return new UnconfiguredPostackClient();
  if (api instanceof PostackClient) return api;
  const { requestsPerSecond, ...options } = api;
  const { schema, tableName } = dataSource.getMetadata(RequestRateEntity);
  const requestRate = postgresRequestRate({
    pool: poolOf(dataSource),
    schema: schema ?? 'public',
    table: tableName,
    apiKey: options.apiKey ?? '',
    requestsPerSecond,
  });
  return new PostackClient({ ...options, requestRate });
}
