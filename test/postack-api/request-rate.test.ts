import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Pool } from 'pg';
import { PostackOnHoldError } from '../../src/postack-api/postack-api-errors.js';
import {
  memoryRequestRate,
  postgresRequestRate,
  type RequestRate,
} from '../../src/postack-api/request-rate.js';
import { mostWithin } from '../support/most-within.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const TABLE = `CREATE TABLE postack.request_rate
  (key varchar(255) PRIMARY KEY, next_at timestamptz NOT NULL, blocked_until timestamptz)`;

/** Acquires `count` admissions concurrently. @returns the time of each, in milliseconds. */
const acquireAll = (rate: RequestRate, count: number): Promise<number[]> =>
  Promise.all(Array.from({ length: count }, () => rate.acquire('other').then(() => performance.now())));

describe('RequestRate, in memory', () => {
  it('admits the first request immediately, and no more than the limit in any second', async () => {
    const rate = memoryRequestRate({ requestsPerSecond: 50 });
    const started = performance.now();
    const times = await acquireAll(rate, 70);
    // Well below the second that the 51st has to wait.
    expect(times[0]! - started).toBeLessThan(500);
    expect(mostWithin(1000, times)).toBeLessThanOrEqual(50);
  });

  it('serves replies and other requests in turn while both wait, each in order', async () => {
    const rate = memoryRequestRate({ requestsPerSecond: 100 });
    const served: string[] = [];
    const wait = (priority: 'reply' | 'other', name: string) =>
      rate.acquire(priority).then(() => void served.push(name));
    await Promise.all([
      ...['o1', 'o2', 'o3', 'o4'].map((name) => wait('other', name)),
      ...['r1', 'r2', 'r3'].map((name) => wait('reply', name)),
    ]);
    expect(served).toEqual(['r1', 'o1', 'r2', 'o2', 'r3', 'o3', 'o4']);
  });

  it('removes an aborted request immediately, and serves the next', async () => {
    const rate = memoryRequestRate({ requestsPerSecond: 1 });
    await rate.acquire('other');
    const abort = new AbortController();
    const reason = new Error('stopping');
    const leaver = rate.acquire('other', abort.signal);
    const stayer = rate.acquire('other');
    const aborted = performance.now();
    abort.abort(reason);
    await expect(leaver).rejects.toBe(reason);
    expect(performance.now() - aborted).toBeLessThan(500);
    await stayer;
    // One window after the first, not two.
    expect(performance.now() - aborted).toBeLessThan(1800);
    await expect(rate.acquire('other', abort.signal)).rejects.toBe(reason);
  });

  it('stops its timer once no request waits', async () => {
    const rate = memoryRequestRate();
    await rate.block(60_000);
    const abort = new AbortController();
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const waiting = rate.acquire('other', abort.signal);
    await expect(rate.acquire('reply', undefined, 1000)).rejects.toBeInstanceOf(PostackOnHoldError);
    expect(timers()).toBe(before + 1);
    abort.abort();
    await expect(waiting).rejects.toThrow();
    await new Promise(setImmediate);
    expect(timers()).toBe(before);
  });

  it.each([0, 2.5, 2000])('rejects a rate of %d requests per second', (requestsPerSecond) => {
    expect(() => memoryRequestRate({ requestsPerSecond })).toThrow('"requestsPerSecond" must be');
  });
});

describe('RequestRate, in PostgreSQL', () => {
  let database: TestDatabase;
  let pools: Pool[];

  const rates = (requestsPerSecond: number, apiKey = 'key-of-the-tests') =>
    pools.map((pool) => postgresRequestRate({ pool, apiKey, requestsPerSecond }));

  beforeAll(async () => {
    database = await createTestDatabase({ isEmpty: true });
    await database.query('CREATE SCHEMA postack');
  });
  beforeEach(async () => {
    await database.query(TABLE);
    pools = [1, 2, 3].map(() => new Pool({ connectionString: database.url, max: 2 }));
  });
  afterEach(async () => {
    await Promise.all(pools.map((pool) => pool.end()));
    await database.query('DROP TABLE IF EXISTS postack.request_rate');
  });
  afterAll(() => database.drop());

  it('is not exceeded by all processes together in any second, and gives each its turn', async () => {
    const started = performance.now();
    const times = await Promise.all(rates(20).map((rate) => acquireAll(rate, 15)));
    expect(mostWithin(1000, times.flat())).toBeLessThanOrEqual(20);
    // Each has its turn while the others wait.
    const firstToEnd = Math.min(...times.map((own) => own.at(-1)!));
    for (const own of times) expect(own[2]!).toBeLessThan(firstToEnd);
    expect(performance.now() - started).toBeLessThan(15_000);
  });

  it('is blocked for all processes immediately, by the longest block', async () => {
    const [first, second, third] = rates(50) as [RequestRate, RequestRate, RequestRate];
    await first.acquire('other');
    await second.block(700);
    const blocked = performance.now();
    await third.block(100);
    await third.block(0);
    const onHold = await second.acquire('other', undefined, 200).catch((error: unknown) => error);
    expect(onHold).toBeInstanceOf(PostackOnHoldError);
    expect((onHold as PostackOnHoldError).retryAfterMs).toBeGreaterThan(200);
    await Promise.all([first.acquire('other'), third.acquire('reply', undefined, 1000)]);
    expect(performance.now() - blocked).toBeGreaterThan(690);
  });

  it('is separate for each API key, and stores only a hash of the key', async () => {
    const [rate] = rates(1) as [RequestRate];
    const [other] = rates(1, 'another-key') as [RequestRate];
    await rate.block(60_000);
    await other.acquire('other');
    const rows = await database.query<{ key: string }>('SELECT key FROM postack.request_rate');
    expect(rows).toHaveLength(2);
    for (const { key } of rows) expect(key).toMatch(/^api:[0-9a-f]{16}$/);
  });

  it('rejects all waiting requests when the store fails, and serves again when it is back', async () => {
    const [rate] = rates(50) as [RequestRate];
    await database.query('DROP TABLE postack.request_rate');
    const waiting = [rate.acquire('other'), rate.acquire('reply')];
    for (const one of await Promise.allSettled(waiting)) {
      expect(one).toMatchObject({ status: 'rejected', reason: { code: '42P01' } });
    }
    await database.query(TABLE);
    await rate.acquire('other');
  });
});
