import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { postackMigrations } from '../migrations/index.js';
import { DEFAULT_SCHEMA, postackEntities } from '../src/postack.entities.js';
import { readSchema } from './support/read-schema.js';
import { createTestDatabase, openDataSource, type TestDatabase } from './support/test-database.js';
import { toMatchFile } from './support/to-match-file.js';

describe('postackMigrations, the database schema', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await createTestDatabase({ isEmpty: true });
    dataSource = await openDataSource(database.url);
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  it('after all migrations is the committed migrations/schema.sql', async () => {
    await toMatchFile(await readSchema(dataSource, 'postack'), 'migrations/schema.sql');
  });

  it('after all migrations is what the entities describe', async () => {
    for (const metadata of dataSource.entityMetadatas) metadata.synchronize = true;
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
  });

  it('can be migrated down to nothing, and up again to the same', async () => {
    const before = await readSchema(dataSource, 'postack');
    for (const _migration of postackMigrations) await dataSource.undoLastMigration();
    expect(await readSchema(dataSource, 'postack')).toBe('');
    await dataSource.runMigrations();
    expect(await readSchema(dataSource, 'postack')).toBe(before);
  });

  it('keeps what the first version has stored', async () => {
    const other = await createTestDatabase({ isEmpty: true });
    const [first] = postackMigrations;
    const old = new DataSource({
      type: 'postgres',
      url: other.url,
      entities: postackEntities(),
      migrations: [first!],
    });
    await old.initialize();
    await old.runMigrations();
    await other.query(`INSERT INTO postack.inbox_event
      (endpoint, svix_id, type, status, occurred_at, body, secret_fingerprint, clock_skew_ms)
      VALUES ('default', 'msg_1', 'message.sent', 'dispatched', now(), 'body', 'abc', 0)`);
    await other.query(`INSERT INTO postack.handler_outcome (event_id, handler, status, attempts, first_failure, job_id)
      VALUES (1, 'crm', 'failing', 2, '{"name": "Error"}', gen_random_uuid())`);
    await old.destroy();
    const migrated = await openDataSource(other.url);
    try {
      expect(await other.query('SELECT svix_id, body FROM postack.inbox_event')).toEqual([
        { svix_id: 'msg_1', body: Buffer.from('body') },
      ]);
      const columns = 'handler, status, attempts, first_error, generation, reason, run_at';
      expect(await other.query(`SELECT ${columns} FROM postack.delivery`)).toEqual([
        {
          handler: 'crm',
          status: 'retrying',
          attempts: 2,
          first_error: { name: 'Error' },
          generation: 0,
          reason: 'initial',
          run_at: expect.any(Date),
        },
      ]);
    } finally {
      await migrated.destroy();
      await other.drop();
    }
  });

  it('can be in another schema, with the same tables', async () => {
    const other = await createTestDatabase({ isEmpty: true });
    const inOther = await openDataSource(other.url, { schema: 'Sms Events' });
    try {
      const expected = (await readSchema(dataSource, 'postack')).replaceAll('postack.', '"Sms Events".');
      expect(await readSchema(inOther, 'Sms Events')).toBe(expected);
      expect(await readSchema(inOther, 'postack')).toBe('');
      const { upQueries } = await inOther.driver.createSchemaBuilder().log();
      expect(upQueries.map(({ query }) => query)).toEqual([]);
    } finally {
      postackEntities({ schema: DEFAULT_SCHEMA });
      await inOther.destroy();
      await other.drop();
    }
  });
});
