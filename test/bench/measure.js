// One measurement: a fresh server of test/bench/server.js on a database, and the load of test/bench/load.js on it.
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

export const BENCH_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

/** Before anything is measured: code is compiled and connections are open then. */
const WARM_UP = 4000;

/**
 * @param databaseUrl Of the measurement's own, or one that the server may go on with.
 * @param server Name of a server in server.js.
 * @param until What ends the measurement: `answered`, `projected` or `handled` by the listener of the bench.
 * @param rate Requests a second; 0: as many as the connections take, one at a time each.
 */
export async function measure({ databaseUrl, server, until = 'answered', count, connections, rate = 0 }) {
  const env = {
    ...process.env,
    BENCH_SECRET,
    BENCH_DATABASE_URL: databaseUrl,
    BENCH_CONNECTIONS: String(connections),
  };
  // All rows with the young generation of `npm start`.
  const execArgv = ['--max-semi-space-size=8'];
  const child = fork(join(import.meta.dirname, 'server.js'), [server], { env, execArgv });
  const [{ url }] = await once(child, 'message');
  const ask = async (message) => {
    child.send(message);
    return (await once(child, 'message'))[0];
  };
  try {
    const warmUp = rate > 0 ? Math.min(WARM_UP, rate * 2) : Math.min(WARM_UP, count);
    await load(env, url, warmUp, rate);
    await done(databaseUrl, until, ask, warmUp);

    await ask('reset');
    const before = await stolenTime();
    const { perSecond, p50, p99, statuses } = await load(env, url, count, rate);
    await done(databaseUrl, until, ask, count);
    const cost = await ask('report');
    const after = await stolenTime();
    const projected = until === 'answered' ? undefined : await projections(databaseUrl, count);
    return {
      perSecond,
      p50,
      p99,
      donePerSecond:
        projected && (count * 1000) / ((cost.lastHandledAt ?? projected.lastAt) - projected.firstAt),
      projectedP99: projected?.p99,
      listenerP99: cost.listenerP99,
      cpuPer10k: (cost.cpuSeconds / count) * 10_000,
      peakMemoryMb: cost.peakMemoryMb,
      stolen: (100 * (after.stolen - before.stolen)) / (after.total - before.total),
      refused: Object.entries(statuses).filter(([status]) => status !== '204'),
    };
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

async function load(env, url, count, rate) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'load.js')], {
    env: { ...env, BENCH_URL: url, BENCH_COUNT: String(count), BENCH_RATE: String(rate) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { value } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  if (value === undefined) throw new Error('the load has failed');
  return JSON.parse(value);
}

async function done(databaseUrl, until, ask, count) {
  if (until === 'answered') return;
  const pending = `SELECT EXISTS (SELECT FROM postack.inbox_event WHERE status = 'pending') AS pending`;
  while ((await query(databaseUrl, pending)).pending) await sleep(50);
  while (until === 'handled' && (await ask('report')).handled < count) await sleep(100);
}

/** In ms, from the times in the inbox: `received_at` is when the INSERT began, a little before its commit. */
async function projections(databaseUrl, count) {
  const row = await query(
    databaseUrl,
    `SELECT percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM dispatched_at - received_at)) * 1000 AS p99,
       extract(epoch FROM min(received_at)) * 1000 AS first, extract(epoch FROM max(dispatched_at)) * 1000 AS last
     FROM (SELECT * FROM postack.inbox_event ORDER BY id DESC LIMIT ${count}) AS measured`,
  );
  return { p99: Number(row.p99), firstAt: Number(row.first), lastAt: Number(row.last) };
}

/** Runs statements on a database of their own connection. Resolves to the (last one's) first row. */
export async function query(databaseUrl, sql) {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query(sql)).rows?.[0];
  } finally {
    await client.end();
  }
}

/** Processor time that the machine's host gave to others: the reason for noise that nothing here can help. */
async function stolenTime() {
  const stat = await readFile('/proc/stat', 'latin1').catch(() => 'cpu 0 0 0 1 0 0 0 0');
  const times = stat.split('\n', 1)[0].split(/\s+/).slice(1, 9).map(Number);
  return { stolen: times[7], total: times.reduce((sum, time) => sum + time) };
}
