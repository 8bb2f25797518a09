import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type INestApplication, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { signWebhook, waitForListener } from '../../src/testing/index.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { messageBody, TEST_SECRET } from '../support/test-application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { startHost } from './host.js';
import { findPgBouncer, PgBouncer } from './pgbouncer.js';

const program = findPgBouncer();
if (program === undefined) console.log('PgBouncer is not installed: the tests with a pooler are skipped');

(program === undefined ? describe.skip : describe)('A host behind PgBouncer in transaction mode', () => {
  const log = new RecordingLogger();
  let database: TestDatabase;
  let bouncer: PgBouncer;
  let hosts: INestApplication[] = [];

  beforeAll(async () => {
    database = await createTestDatabase({ isEmpty: true });
    bouncer = await PgBouncer.start(program ?? '', database.url);
  });
  beforeEach(() => {
    log.lines.length = 0;
    Logger.overrideLogger(log);
  });
  afterEach(async () => {
    await Promise.all(hosts.map((host) => host.close()));
    hosts = [];
    Logger.overrideLogger(false);
  });
  afterAll(async () => {
    await bouncer.stop();
    await database.drop();
  });

  async function post(host: INestApplication): Promise<{ id: string; status: number }> {
    const { id, headers, body } = signWebhook({ secret: TEST_SECRET, body: messageBody('message.received') });
    const response = await fetch(`${await host.getUrl()}/api/v1/webhooks`, { method: 'POST', headers, body });
    return { id, status: response.status };
  }

  const warnings = () => log.lines.filter((line) => line.includes('connection pooler in transaction mode'));

  it('takes every webhook, delivers all of them, and says what is missing', async () => {
    const typeorm = { retryAttempts: 3, retryDelay: 100 };
    hosts = await Promise.all([1, 2].map(() => startHost({ url: bouncer.url, typeorm, logger: log })));
    const posted = await Promise.all(Array.from({ length: 200 }, (_, index) => post(hosts[index % 2]!)));
    expect(new Set(posted.map(({ status }) => status))).toEqual(new Set([204]));
    for (const { id } of posted) await waitForListener(hosts[0]!, id, 'crm', 'done', { timeoutMs: 30_000 });
    expect(warnings()).toEqual(
      [1, 2].map(() => expect.stringContaining('set POSTACK_DIRECT_DATABASE_URL (in a host: the option')),
    );
  });

  it('says nothing, and listens, with a data source without the pooler', async () => {
    const direct = await new DataSource({ type: 'postgres', url: database.url, poolSize: 1 }).initialize();
    const host = await startHost({
      url: bouncer.url,
      logger: log,
      imports: [
        TypeOrmModule.forRootAsync({
          name: 'direct',
          useFactory: () => direct.options,
          dataSourceFactory: () => Promise.resolve(direct),
        }),
      ],
      postack: { directDataSource: getDataSourceToken('direct') },
    });
    hosts = [host];
    const { id, status } = await post(host);
    expect(status).toBe(204);
    await waitForListener(host, id, 'crm', 'done');
    expect(warnings()).toEqual([]);
    const listening = await database.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND query ILIKE 'LISTEN%'`,
    );
    expect(listening.length).toBeGreaterThan(0);
  });

  it('is not found where there is none', async () => {
    hosts = [await startHost({ url: database.url, logger: log })];
    expect(warnings()).toEqual([]);
  });
});
