import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import pg from 'pg';
import { DefaultNamingStrategy } from 'typeorm';
import { MessageQueries, Outbox, OutboxQueries } from '../../src/index.js';
import { Reports } from '../../src/reports/index.js';
import { waitForReports } from '../../src/testing/index.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { expectItWorks, startHost } from './host.js';

/** Names tables and columns in its own way, whatever an entity says. */
class LoudNames extends DefaultNamingStrategy {
  override tableName(targetName: string, userSpecifiedName: string | undefined): string {
    return `T_${super.tableName(targetName, userSpecifiedName).toUpperCase()}`;
  }

  override columnName(propertyName: string, customName: string, prefixes: string[]): string {
    return super.columnName(propertyName, customName, prefixes).toUpperCase();
  }
}

describe('PostackModule, in a host with habits of its own about the database', () => {
  let database: TestDatabase;
  let host: INestApplication | undefined;

  beforeEach(async () => {
    database = await createTestDatabase({ isEmpty: true });
  });
  afterEach(async () => {
    await host?.close();
    host = undefined;
    await database.drop();
  });

  const url = () => database.url;
  const alterDatabase = (setting: string) =>
    database.query(`ALTER DATABASE ${new URL(url()).pathname.slice(1)} SET ${setting}`);
  async function start(typeorm: object = {}): Promise<INestApplication> {
    host = await startHost({
      url: url(),
      typeorm,
      postack: { api: { baseUrl: 'http://127.0.0.1:9', apiKey: 'key' } },
    });
    return host;
  }

  /** That events, messages, replies and reports are read and written as anywhere else. */
  async function expectAllWorks(app: INestApplication): Promise<void> {
    await expectItWorks(app);
    const { items } = await app.get(MessageQueries).list();
    expect(items).toEqual([expect.objectContaining({ text: 'Hello', firstEventAt: expect.any(Date) })]);
    const { id } = await app.get(Outbox).enqueue({
      from: '+15550100002',
      to: '+15550100001',
      text: 'Hi',
      category: 'notification',
      idempotencyKey: 'hi',
    });
    const row = await app.get(OutboxQueries).find(id);
    expect(row).toMatchObject({ to: '+15550100001', createdAt: expect.any(Date) });
    await waitForReports(app);
    const summary = await app.get(Reports).summary();
    expect(summary.messages.received).toBeGreaterThan(0);
  }

  describe('that has node-postgres read values in another way', () => {
    const { INT8, JSON, JSONB, NUMERIC, TIMESTAMPTZ } = pg.types.builtins;
    const oids = [INT8, JSON, JSONB, NUMERIC, TIMESTAMPTZ];
    const parsers = oids.map((oid) => pg.types.getTypeParser(oid) as (text: string) => unknown);
    afterEach(() => {
      oids.forEach((oid, index) => {
        pg.types.setTypeParser(oid, parsers[index]!);
      });
    });

    it('as text', async () => {
      for (const oid of oids) pg.types.setTypeParser(oid, (text) => text);
      await expectAllWorks(await start());
    });

    it('with bigints as numbers', async () => {
      pg.types.setTypeParser(INT8, Number);
      await expectAllWorks(await start());
    });
  });

  it('that prefixes its tables', async () => {
    await expectAllWorks(await start({ entityPrefix: 'shop_' }));
  });

  it('that has a naming strategy', async () => {
    await expectAllWorks(await start({ namingStrategy: new LoudNames() }));
  });

  it('with `synchronize: true` beside our migrations', async () => {
    await (await start({ synchronize: true })).close();
    await expectAllWorks(await start({ synchronize: true }));
  });

  it('with `synchronize: true` instead of our migrations', async () => {
    await expect(start({ synchronize: true, migrations: [] })).rejects.toThrow(
      /tables are missing.*Run the migrations/s,
    );
  });

  it.each([
    [`datestyle = 'German'`, /"DateStyle" is "German, DMY": node-postgres cannot read such times/],
    [`datestyle = 'SQL, DMY'`, /"DateStyle" is "SQL, DMY"/],
    [
      `default_transaction_isolation = 'repeatable read'`,
      /"default_transaction_isolation" is "repeatable read"/,
    ],
  ])('refuses a database with %s', async (setting, message) => {
    await (await start()).close();
    await alterDatabase(setting);
    await expect(start()).rejects.toThrow(message);
  });

  it('refuses a database that cannot store every text', async () => {
    const name = `${new URL(url()).pathname.slice(1)}_latin1`;
    await database.query(
      `CREATE DATABASE ${name} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`,
    );
    try {
      const latin1 = Object.assign(new URL(url()), { pathname: `/${name}` }).href;
      await expect(startHost({ url: latin1 })).rejects.toThrow(
        /"server_encoding" is "LATIN1".*ENCODING 'UTF8'/s,
      );
    } finally {
      await database.query(`DROP DATABASE ${name} WITH (FORCE)`);
    }
  });
});
