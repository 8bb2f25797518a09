import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { poolOf } from '../../src/database/pool.js';
import { PostackDatabase } from '../../src/database/postack-database.js';
import { OwnNumberEntity } from '../../src/messages/own-number.entity.js';
import { DEFAULT_SCHEMA, postackEntities } from '../../src/postack.entities.js';
import { createTestDatabase, openDataSource, type TestDatabase } from '../support/test-database.js';

class TooSlowError extends Error {
  override readonly name = 'TooSlowError';
}

describe('PostackDatabase', () => {
  let testDatabase: TestDatabase;
  let database: PostackDatabase;

  const numbers = async () => {
    const rows: { number: string }[] = await database.query(
      `SELECT number FROM ${database.table(OwnNumberEntity)} ORDER BY number`,
    );
    return rows.map(({ number }) => number);
  };
  const add = (number: string) => database.repository(OwnNumberEntity).create({ number });

  async function open(schema?: string): Promise<void> {
    database = new PostackDatabase(await openDataSource(testDatabase.url, { schema, poolSize: 2 }));
  }

  beforeEach(async () => {
    testDatabase = await createTestDatabase({ isEmpty: true });
  });
  afterEach(async () => {
    await database.dataSource.destroy();
    postackEntities({ schema: DEFAULT_SCHEMA });
    await testDatabase.drop();
  });

  it('quotes schema and table, whichever schema was chosen', async () => {
    await open('Other schema');
    expect(database.table(OwnNumberEntity)).toBe('"Other schema"."own_number"');
    expect(database.table(OwnNumberEntity)).toBe('"Other schema"."own_number"');
    await database.repository(OwnNumberEntity).insert({ number: '1' });
    await expect(database.manager.count(OwnNumberEntity)).resolves.toBe(1);
    await expect(
      poolOf(database.dataSource).query(`SELECT * FROM ${database.table(OwnNumberEntity)}`),
    ).resolves.toMatchObject({
      rowCount: 1,
    });
  });

  it('commits a transaction, or undoes it when it throws', async () => {
    await open();
    await expect(
      database.transaction(async (manager) => {
        await manager.save(add('1'));
        return 'result';
      }),
    ).resolves.toBe('result');
    const failing = database.transaction(async (manager) => {
      await manager.save(add('2'));
      throw new Error('undone');
    });
    await expect(failing).rejects.toThrow('undone');
    await expect(numbers()).resolves.toEqual(['1']);
  });

  it('uses the given isolation level', async () => {
    await open();
    const level = (isolation?: 'REPEATABLE READ') =>
      database.transaction(async (manager) => {
        const rows: unknown = await manager.query('SHOW transaction_isolation');
        return rows;
      }, isolation);
    await expect(level()).resolves.toEqual([{ transaction_isolation: 'read committed' }]);
    await expect(level('REPEATABLE READ')).resolves.toEqual([{ transaction_isolation: 'repeatable read' }]);
  });

  describe('transactionWithTimeout', () => {
    const timedOut = () => new TooSlowError('too slow');

    it('commits what is done in time', async () => {
      await open();
      await database.transactionWithTimeout(10_000, timedOut, (manager) => manager.save(add('1')));
      await expect(numbers()).resolves.toEqual(['1']);
    });

    it('undoes what is not, and gives its connection and locks back', async () => {
      await open();
      const slow = database.transactionWithTimeout(300, timedOut, async (manager) => {
        await manager.save(add('1'));
        await new Promise(() => undefined);
      });
      await expect(slow).rejects.toThrow(TooSlowError);
      // The same key: while the transaction is open, this waits for it.
      await database.repository(OwnNumberEntity).insert({ number: '1' });
      await expect(numbers()).resolves.toEqual(['1']);
    });

    it('counts the wait for a connection', async () => {
      await open();
      const release = Promise.withResolvers<undefined>();
      const holders = [1, 2].map(() => database.transaction(() => release.promise));
      const waiting = database.transactionWithTimeout(300, timedOut, (manager) => manager.save(add('1')));
      await expect(waiting).rejects.toThrow(TooSlowError);
      release.resolve(undefined);
      await Promise.all(holders);
      await expect(numbers()).resolves.toEqual([]);
    });

    it('rejects with what is thrown in it', async () => {
      await open();
      const failing = database.transactionWithTimeout(10_000, timedOut, async (manager) => {
        await manager.save(add('1'));
        throw new Error('undone');
      });
      await expect(failing).rejects.toThrow('undone');
      await expect(numbers()).resolves.toEqual([]);
    });
  });
});
