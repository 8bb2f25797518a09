// npm run bench: the load of test/bench/load.js against each server of test/bench/server.js, on one machine in one
// run, each row on a database of its own. Compare rows, not machines.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { EmbeddedPostgres } from '../../dist/src/service/embedded-postgres/embedded-postgres.js';

const { values: flags } = parseArgs({
  options: {
    count: { type: 'string', default: '40000' },
    only: { type: 'string', default: '' },
  },
});
const count = Number(flags.count);
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

const ROWS = [
  ['a', 'vendor sample, nothing stored', 'sample'],
  ['b', 'vendor sample + INSERT', 'sample+insert'],
  ['c', 'bare node:http, verify only', 'bare'],
  ['d', 'ours, accept, Express', 'accept-express'],
  ['e', 'ours, accept, Fastify', 'accept-fastify'],
  ['f', 'ours, end to end, Express', 'all-express', 'projected'],
  ['g', 'ours, end to end, one listener on all', 'all-express+listener', 'handled'],
];

const DONE = {
  projected: `SELECT count(*) FILTER (WHERE status <> 'pending') AS done FROM postack.inbox_event`,
  handled: `SELECT count(*) AS done FROM postack.handler_outcome WHERE status = 'done'`,
};

const directory = await mkdtemp(join(tmpdir(), 'nestjs-postack-bench-'));
const postgres = await EmbeddedPostgres.start(directory);
const admin = new pg.Client({ connectionString: postgres.url });
await admin.connect();

const results = [];
for (const [letter, name, server, until] of ROWS) {
  if (flags.only && !flags.only.includes(letter)) continue;
  results.push({ row: `(${letter}) ${name}`, ...(await measure(`bench_${letter}`, server, until)) });
}
console.table(results);
await admin.end();
await postgres.stop();
await rm(directory, { recursive: true, force: true });

async function measure(database, server, until) {
  await admin.query(`CREATE DATABASE ${database}`);
  const databaseUrl = new URL(postgres.url);
  databaseUrl.pathname = `/${database}`;
  const env = { ...process.env, BENCH_SECRET: secret, BENCH_DATABASE_URL: databaseUrl.href };
  const child = spawn(process.execPath, [join(import.meta.dirname, 'server.js'), server], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const url = (await lines.next()).value;
  // Code is compiled and connections are open before anything is measured.
  await load(env, url, Math.min(5000, count));
  if (until) await drained(databaseUrl, DONE[until], Math.min(5000, count));

  const started = performance.now();
  const { perSecond, p50, p99, statuses } = await load(env, url, count);
  const loadSeconds = count / perSecond;
  // The load signs its requests first; only what comes after its own clock started counts.
  const signing = performance.now() - started - loadSeconds * 1000;
  let endToEnd;
  if (until) {
    await drained(databaseUrl, DONE[until], Math.min(5000, count) + count);
    endToEnd = count / ((performance.now() - started - signing) / 1000);
  }
  const lag = until ? await projectionLag(databaseUrl) : undefined;
  child.kill('SIGTERM');
  const cost = JSON.parse((await lines.next()).value);
  await once(child, 'exit');
  const fixed = (value) => (value === undefined ? '' : value.toFixed(1));
  return {
    'accepted/s': Math.round(perSecond),
    'done/s': endToEnd === undefined ? '' : Math.round(endToEnd),
    'ack p50 ms': fixed(p50),
    'ack p99 ms': fixed(p99),
    'commit→projected p99 ms': fixed(lag),
    'CPU s/10k': fixed((cost.cpuSeconds / (count + Math.min(5000, count))) * 10_000),
    'peak MB': Math.round(cost.peakMemoryMb),
    not204: Object.entries(statuses)
      .filter(([status]) => status !== '204')
      .join(' '),
  };
}

async function load(env, url, requests) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'load.js')], {
    env: { ...env, BENCH_URL: url, BENCH_COUNT: String(requests) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { value } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  return JSON.parse(value);
}

async function drained(databaseUrl, sql, expected) {
  await query(databaseUrl, async (client) => {
    for (;;) {
      const { rows } = await client.query(sql);
      if (Number(rows[0].done) >= expected) return;
      await sleep(100);
    }
  });
}

function projectionLag(databaseUrl) {
  return query(databaseUrl, async (client) => {
    const { rows } = await client.query(
      `SELECT percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM dispatched_at - received_at) * 1000) AS p99
       FROM (SELECT * FROM postack.inbox_event ORDER BY id DESC LIMIT ${count}) AS measured`,
    );
    return Number(rows[0].p99);
  });
}

async function query(databaseUrl, run) {
  const client = new pg.Client({ connectionString: databaseUrl.href });
  await client.connect();
  try {
    return await run(client);
  } finally {
    await client.end();
  }
}
