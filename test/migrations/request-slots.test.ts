import { afterEach, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { PostackRequestSlots1795996800000 } from '../../migrations/1795996800000-request-slots.js';
import { postackMigrations } from '../../migrations/index.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { migrated } from './migrated.js';

let database: TestDatabase | undefined;
let dataSource: DataSource | undefined;
afterEach(async () => {
  await dataSource?.destroy();
  await database?.drop();
});

describe('PostackRequestSlots1795996800000', () => {
  it('carries over a block, in both directions', async () => {
    database = await createTestDatabase({ isEmpty: true });
    const index = postackMigrations.indexOf(PostackRequestSlots1795996800000);
    await (await migrated(database.url, postackMigrations.slice(0, index))).destroy();
    const until = new Date(Date.now() + 3_600_000);
    await database.query(
      `INSERT INTO postack.request_rate (key, points, expire) VALUES ('api:blocked', 11, $1), ('api:free', 3, 1)`,
      [until.getTime()],
    );
    dataSource = await migrated(database.url, postackMigrations.slice(0, index + 1));
    expect(
      await database.query(
        `SELECT key, blocked_until > now() AS blocked FROM postack.request_rate ORDER BY key`,
      ),
    ).toEqual([
      { key: 'api:blocked', blocked: true },
      { key: 'api:free', blocked: false },
    ]);
    const [row] = await database.query(
      `SELECT blocked_until FROM postack.request_rate WHERE key = 'api:blocked'`,
    );
    expect(row).toEqual({ blocked_until: until });

    await dataSource.undoLastMigration();
    expect(await database.query('SELECT key, points, expire FROM postack.request_rate ORDER BY key')).toEqual(
      [
        { key: 'api:blocked', points: 1001, expire: String(until.getTime()) },
        { key: 'api:free', points: 0, expire: null },
      ],
    );
  });
});
