import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { createTestDatabase, openDataSource, type TestDatabase } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';
import type { HistoryEvent } from './history.js';
import { compute, passOf, projectionOf, rebuild, reportsOf } from './report-parts.js';

const START = Date.UTC(2026, 0, 5, 8);
const PERIOD = { from: new Date(START), to: new Date(START + 3 * 3_600_000) };

/** A customer writes, and is answered a minute later, in the next hour; the answer is delivered. */
function exchange(customer: number): HistoryEvent[] {
  const [own, peer] = ['+15550100002', `+1415555${String(1000 + customer)}`];
  const at = START + 3_600_000 - 30_000 + customer * 1000;
  const common = { segments: 1, errorCode: null };
  const out = { ...common, messageId: `out${customer}`, from: own, to: peer };
  return [
    { ...common, id: 'in', type: 'message.received', at, messageId: `in${customer}`, from: peer, to: own },
    { ...out, id: 'out', type: 'message.sent', at: at + 60_000 },
    { ...out, id: 'end', type: 'message.delivered', at: at + 65_000 },
  ];
}

describe('ReportPass', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    database = await createTestDatabase();
    dataSource = await openDataSource(database.url);
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await dataSource.destroy();
    await database.drop();
  });

  /** A pass of another process, which gets a signal before one of its statements. */
  function passElsewhere(at: number, signal: NodeJS.Signals): ChildProcess {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'one-pass.js')], {
      env: { ...process.env, DATABASE_URL: database.url, AT: String(at), SIGNAL: signal },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    return child;
  }
  const figures = async () => {
    const { messages, timeToDelivered, timeToFirstReply } = await reportsOf(dataSource).summary(PERIOD);
    const { received, replied, conversations, states } = messages;
    const [delivered, replies] = [timeToDelivered.count, timeToFirstReply.count];
    return { received, replied, conversations, sent: states.sent, delivered, replies };
  };
  const one = { received: 1, replied: 1, conversations: 1, sent: 0, delivered: 1, replies: 1 };
  const windows = () =>
    dataSource.query<{ seconds: number; windows: number }[]>(
      `SELECT seconds, count(*)::int AS windows FROM postack.report_window GROUP BY seconds ORDER BY seconds`,
    );
  const isComplete = async () => {
    const { asOf, now } = await reportsOf(dataSource).freshness();
    return now.getTime() - asOf.getTime() <= 1;
  };

  it('killed before any of its statements, leaves figures of before or after, which the next one completes', async () => {
    const project = projectionOf(dataSource);
    await project(exchange(0));
    await compute(dataSource);
    expect(await figures()).toEqual(one);
    const seen = new Set<number>();
    for (let at = 1; ; at += 1) {
      await project(exchange(at));
      const child = passElsewhere(at, 'SIGKILL');
      const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
      const { received, delivered } = await figures();
      seen.add(received - at).add(delivered - at);
      if (code === 0) break;
      expect(signal).toBe('SIGKILL');
      if (received === at || delivered === at) expect(await isComplete()).toBe(false);
      await compute(dataSource);
      const all = at + 1;
      expect(await figures()).toEqual({
        ...{ received: all, replied: all, conversations: all, sent: 0, delivered: all, replies: all },
      });
      expect(await isComplete()).toBe(true);
    }
    // Each of the two hours, of questions and of answers, was seen as before and as after.
    expect(seen).toEqual(new Set([0, 1]));
  }, 120_000);

  it('stopped in a transaction, holds up the figures of others for a limited time, and dispatching not at all', async () => {
    const project = projectionOf(dataSource);
    await project(exchange(0));
    passElsewhere(12, 'SIGSTOP');
    const isStopped = async () => {
      const [row] = await database.query<{ idle: number }>(
        `SELECT count(*)::int AS idle FROM pg_stat_activity
         WHERE datname = current_database() AND state = 'idle in transaction'`,
      );
      return (row!.idle > 0 && children[0]!.exitCode === null) || undefined;
    };
    await waitUntil(isStopped, { what: () => 'the other process to stop in its transaction' });
    const passing = compute(dataSource);
    let isPassed = false;
    void passing.then(() => (isPassed = true));
    await project(exchange(1));
    await project(exchange(2));
    expect(isPassed).toBe(false);
    await passing;
    await compute(dataSource);
    expect(await figures()).toMatchObject({ received: 3, replied: 3, delivered: 3 });
  }, 60_000);

  it('splits a busy hour, and keeps its figures while it grows', async () => {
    const add = (from: number, to: number, perHour: number) =>
      database.query(
        `WITH added AS (
           INSERT INTO postack.message (id, direction, state, state_at, conflict, from_number, to_number, segments, history,
             first_event_at, last_event_at, own_number_key, country, conversation, peer_prefix, delivered_after_ms)
           SELECT 'm' || n, CASE n % 3 WHEN 0 THEN 'inbound' ELSE 'outbound' END,
             CASE n % 3 WHEN 0 THEN 'received' ELSE 'delivered' END, at, false, '+15550100002', '+15550100002', 1, '[]', at, at,
             'own', 'DE', n / 6, '+4917012', CASE n % 3 WHEN 1 THEN 5000 END
           FROM generate_series($1::int, $2::int - 1) AS n,
             LATERAL (SELECT $3::timestamptz + n * interval '1 hour' / $4::int AS at) AS times RETURNING first_event_at
         )
         INSERT INTO postack.report_mark (kind, at) SELECT 'message', first_event_at FROM added`,
        [from, to, PERIOD.from, perHour],
      );
    const expected = (count: number) => ({
      ...{
        received: Math.ceil(count / 3),
        replied: Math.ceil(count / 3),
        conversations: Math.ceil(count / 6),
      },
      ...{ sent: 0, delivered: Math.ceil((count - 1) / 3), replies: Math.ceil(count / 3) },
    });
    await add(0, 9000, 36_000);
    await compute(dataSource);
    expect(await windows()).toEqual([{ seconds: 3600, windows: 1 }]);
    expect(await figures()).toEqual(expected(9000));
    // Ten a second: more than fit into an hour, but not into a quarter of it.
    await add(9000, 12_000, 36_000);
    await compute(dataSource);
    expect(await windows()).toEqual([{ seconds: 900, windows: 4 }]);
    expect(await figures()).toEqual(expected(12_000));
    // A second hour with 60,000 messages, computed for the first time.
    await add(120_000, 180_000, 60_000);
    await compute(dataSource);
    expect(await windows()).toEqual([
      { seconds: 300, windows: 12 },
      { seconds: 900, windows: 4 },
    ]);
    const all = expected(12_000);
    expect(await figures()).toMatchObject({ received: all.received + 20_000, replied: all.replied + 20_000 });
    const before = await figures();
    await database.query('TRUNCATE postack.report_count, postack.report_duration');
    await rebuild(dataSource);
    expect(await figures()).toEqual(before);
    // 30-minute offsets cut hours at quarters, whatever the windows are.
    const { series } = await reportsOf(dataSource).timeseries({
      ...{ ...PERIOD, metric: 'received', interval: 'hour', timezone: 'Asia/Kolkata' },
    });
    const values = series[0]!.points.map(({ value }) => value ?? 0);
    // 12,000 messages in the first 20 minutes, and 60,000 in the third hour, a third of them inbound.
    expect(values).toEqual([4000, 0, 10_000, 10_000]);
  }, 60_000);

  it('of several processes at once never counts twice or not at all', async () => {
    const project = projectionOf(dataSource);
    let isOver = false;
    const passes = Array.from({ length: 3 }, async () => {
      const pass = passOf(dataSource);
      while (!isOver) await pass.run();
    });
    for (let customer = 0; customer < 60; customer += 1) await project(exchange(customer));
    isOver = true;
    await Promise.all(passes);
    await compute(dataSource);
    expect(await figures()).toEqual({
      ...{ received: 60, replied: 60, conversations: 60, sent: 0, delivered: 60, replies: 60 },
    });
  });
});
