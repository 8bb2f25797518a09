// One measurement: a fresh server of test/bench/server.js on a database, and the load of test/bench/load.js on it.
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

export const BENCH_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

/** Before anything is measured: code is compiled and connections are open then. */
const WARM_UP_SECONDS = 2;

/**
 * @param databaseUrl Of the measurement's own, or one that the server may go on with.
 * @param server Name of a server in server.js.
 * @param until What ends the measurement: `answered`, `projected` or `handled` by the listeners of the bench.
 * @param seconds How long the load goes on.
 * @param rate Requests a second; 0: as many as the connections take, one at a time each.
 */
export async function measure({ databaseUrl, server, until = 'answered', seconds, connections, rate = 0 }) {
  const env = {
    ...process.env,
    BENCH_SECRET,
    BENCH_DATABASE_URL: databaseUrl,
    BENCH_CONNECTIONS: String(connections),
    BENCH_RATE: String(rate),
  };
  // All rows with the young generation of `npm start`.
  const execArgv = ['--max-semi-space-size=8'];
  const child = fork(join(import.meta.dirname, 'server.js'), [server], { env, execArgv });
  const [{ url }] = await once(child, 'message');
  const ask = async (message) => {
    child.send(message);
    return (await once(child, 'message'))[0];
  };
  const isOurs = until !== 'answered' && !server.startsWith('sample');
  try {
    await load(env, url, WARM_UP_SECONDS);
    if (isOurs) await dispatched(databaseUrl);
    await settled(until, ask);
    const from = isOurs
      ? await query(databaseUrl, 'SELECT max(id) AS id FROM postack.inbox_event')
      : undefined;

    await ask('reset');
    const before = await stolenTime();
    const { by, perSecond, p50, p99, refused } = await load(env, url, seconds);
    if (isOurs) await dispatched(databaseUrl);
    await settled(until, ask);
    const cost = await ask('report');
    const after = await stolenTime();
    const projected = isOurs ? await projections(databaseUrl, from.id) : undefined;
    const firstAt = projected?.firstAt ?? cost.firstAt;
    const lastAt = until === 'handled' ? cost.lastHandledAt : projected?.lastAt;
    const count = projected?.count ?? perSecond * seconds;
    return {
      by,
      perSecond,
      p50,
      p99,
      donePerSecond: lastAt === undefined ? undefined : (count * 1000) / (lastAt - firstAt),
      projectedP99: projected?.p99,
      listenerP99: cost.listenerP99,
      cpuPer10k: (cost.cpuSeconds / count) * 10_000,
      peakMemoryMb: cost.peakMemoryMb,
      stolen: (100 * (after.stolen - before.stolen)) / (after.total - before.total),
      refused,
    };
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

async function load(env, url, seconds) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'load.js')], {
    env: { ...env, BENCH_URL: url, BENCH_SECONDS: String(seconds) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output = (await text(child.stdout)).trim();
  if (output === '') throw new Error('the load has failed');
  return JSON.parse(output);
}

async function dispatched(databaseUrl) {
  const pending = `SELECT EXISTS (SELECT FROM postack.inbox_event WHERE status = 'pending') AS pending`;
  while ((await query(databaseUrl, pending)).pending) await sleep(50);
}

/** Waits until the listeners of the bench are called no more. */
async function settled(until, ask) {
  if (until !== 'handled') return;
  for (let before = -1, now = 0; now !== before || now === 0;) {
    before = now;
    await sleep(500);
    now = (await ask('report')).handled;
  }
}

/** In ms, from the times in the inbox: `received_at` is when the INSERT began, a little before its commit. */
async function projections(databaseUrl, afterId) {
  const row = await query(
    databaseUrl,
    `SELECT count(*)::int AS count,
       percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM dispatched_at - received_at)) * 1000 AS p99,
       extract(epoch FROM min(received_at)) * 1000 AS first, extract(epoch FROM max(dispatched_at)) * 1000 AS last
     FROM postack.inbox_event WHERE id > ${afterId}`,
  );
  return { count: row.count, p99: Number(row.p99), firstAt: Number(row.first), lastAt: Number(row.last) };
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
