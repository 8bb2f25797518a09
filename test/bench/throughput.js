// npm run bench: everything on one machine in one run, in interleaved rounds, medians printed. Compare rows of one
// run, never runs: `stolen %` is processor time that the machine did not have at all.
//
//   npm run bench -- --sections rows --rows abd --rounds 5 --seconds 10 --connections 64
//
// Sections: `rows`, the throughput table for each number of connections; `steady`, latency at 500 events a second;
// `memory`, the peak at 1,000 a second; `stored`, accepting and dispatching on top of `--stored` events. Row (i) needs
// `redis-server`. The load is made by wrk where it is installed.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { EmbeddedPostgres } from '../../dist/src/service/embedded-postgres/embedded-postgres.js';
import { fillInbox } from './fill-inbox.js';
import { measure, query } from './measure.js';
import { median, printRows, printTargets } from './tables.js';

const { values: flags } = parseArgs({
  options: {
    sections: { type: 'string', default: 'rows,steady,memory,stored' },
    rows: { type: 'string', default: 'abcdefghij' },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '16,64,256' },
    seconds: { type: 'string', default: '5' },
    'steady-seconds': { type: 'string', default: '15' },
    stored: { type: 'string', default: '2000000' },
  },
});
const rounds = Number(flags.rounds);
const seconds = Number(flags.seconds);
const steadySeconds = Number(flags['steady-seconds']);

const hasRedis = spawnSync('redis-server', ['--version']).error === undefined;

const ROWS = [
  { letter: 'a', name: 'vendor sample, nothing stored', server: 'sample' },
  { letter: 'b', name: 'vendor sample + INSERT', server: 'sample+insert' },
  { letter: 'c', name: 'bare node:http, verify only', server: 'bare' },
  { letter: 'd', name: 'ours, accept, Express', server: 'accept-express' },
  { letter: 'e', name: 'ours, accept, Fastify', server: 'accept-fastify' },
  { letter: 'f', name: 'ours, end to end', server: 'all-express', until: 'projected' },
  { letter: 'h', name: 'ours, end to end, no reports', server: 'all-express-reports', until: 'projected' },
  { letter: 'g', name: 'ours, one listener on all', server: 'all-express+listener', until: 'handled' },
  { letter: 'j', name: 'ours, four listeners on all', server: 'all-express+4', until: 'handled' },
  { letter: 'i', name: 'vendor sample + BullMQ', server: 'sample+bull', until: 'handled' },
].filter(({ letter }) => flags.rows.includes(letter) && (letter !== 'i' || hasRedis));

const SECTIONS = { rows: compareRows, steady, memory, stored };

const directory = await mkdtemp(join(tmpdir(), 'nestjs-postack-bench-'));
const postgres = await EmbeddedPostgres.start(directory);
const redis = hasRedis ? await startRedis(directory) : undefined;
let databases = 0;
try {
  for (const name of flags.sections.split(',')) await SECTIONS[name]();
} finally {
  redis?.kill();
  await postgres.stop();
  await rm(directory, { recursive: true, force: true });
}

/** Runs `use` with a new database, which is dropped after. */
async function withDatabase(use) {
  const name = `bench_${++databases}`;
  await query(postgres.url, `CREATE DATABASE ${name}`);
  try {
    return await use(Object.assign(new URL(postgres.url), { pathname: `/${name}` }).href);
  } finally {
    await query(postgres.url, `DROP DATABASE ${name} WITH (FORCE)`);
    // What one row leaves to be written is not the next one's to pay for.
    await query(postgres.url, 'CHECKPOINT');
  }
}

async function startRedis(dir) {
  const port = await freePort();
  const args = ['--port', String(port), '--dir', dir, '--save', '', '--appendonly', 'yes'];
  const child = spawn('redis-server', args, { stdio: 'ignore' });
  process.env.BENCH_REDIS_URL = `redis://127.0.0.1:${port}`;
  await sleep(1000);
  return child;
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

function measureAlone(row) {
  return withDatabase((databaseUrl) => measure({ databaseUrl, ...row }));
}

async function compareRows() {
  for (const connections of flags.connections.split(',')) await compareRowsAt(Number(connections));
}

async function compareRowsAt(connections) {
  const results = new Map(ROWS.map(({ letter }) => [letter, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const row of ROWS) {
      const result = await measureAlone({ ...row, seconds, connections });
      results.get(row.letter).push(result);
      console.error(
        `round ${round} (${row.letter}) ${Math.round(result.donePerSecond ?? result.perSecond)}/s`,
      );
    }
  }
  console.log(`${connections} connections, load by ${results.get(ROWS[0].letter)[0].by}`);
  printRows(ROWS, results);
  // Of the same round: what the machine does to one row, it mostly does to its neighbours too.
  const ratio = (one, other, speedOf = ({ perSecond }) => perSecond) => {
    const others = results.get(other) ?? [];
    const ratios = (results.get(one) ?? []).map(
      ({ donePerSecond, perSecond }, round) => (donePerSecond ?? perSecond) / speedOf(others[round] ?? {}),
    );
    return median(ratios);
  };
  const done = ({ donePerSecond }) => donePerSecond;
  const target = (at64, at256) =>
    connections === 64 ? ['≥', at64] : connections === 256 ? ['≥', at256] : [];
  printTargets([
    ['(d) / (a)', ratio('d', 'a'), ...target(1.3, 1.3)],
    ['(d) / (b)', ratio('d', 'b'), ...target(2.8, 2.8)],
    ['(e) / (c)', ratio('e', 'c')],
    ['(f) / (b)', ratio('f', 'b'), ...target(1, 1.6)],
    ['(g) / (b)', ratio('g', 'b'), ...target(0.8, 1.1)],
    ['(g) / (i)', ratio('g', 'i', done), ...(connections === 64 ? ['≥', 1] : [])],
    ['(f) / (h), what reports cost', ratio('f', 'h', done), '≥', 0.95],
    ['(f) commit → projected, p99 ms', median(results.get('f')?.map((one) => one.projectedP99)), '≤', 250],
  ]);
}

/** Everything on, with a listener, at so many events a second. */
function measureAt(rate) {
  const load = { rate, seconds: steadySeconds, connections: 64 };
  return measureAlone({ server: 'all-express+listener', until: 'handled', ...load });
}

/** Everything on, far from its limit. */
async function steady() {
  const rate = 500;
  const { p99, projectedP99, listenerP99, stolen } = await measureAt(rate);
  printTargets([
    [`${rate}/s for ${steadySeconds} s: acknowledged, p99 ms`, p99, '≤', 10],
    ['commit → projected, p99 ms', projectedP99, '≤', 40],
    ['commit → listener called, p99 ms', listenerP99, '≤', 50],
    ['stolen %', stolen],
  ]);
}

async function memory() {
  const rate = 1000;
  const { peakMemoryMb } = await measureAt(rate);
  printTargets([[`${rate}/s for ${steadySeconds} s: peak memory, MB`, peakMemoryMb, '<', 250]]);
}

/** (d) and (f) on tables that are full already against the same on empty ones. */
async function stored() {
  const rows = [
    { letter: 'd', server: 'accept-express' },
    { letter: 'f', server: 'all-express', until: 'projected' },
  ].map((row) => ({ ...row, seconds, connections: 64 }));
  const ratios = { d: [], f: [] };
  await withDatabase(async (databaseUrl) => {
    // Makes the tables.
    await measure({ ...rows[0], databaseUrl, seconds: 1 });
    await fillInbox(databaseUrl, Number(flags.stored));
    for (let round = 1; round <= rounds; round += 1) {
      for (const { letter, ...row } of rows) {
        const empty = await measureAlone(row);
        const full = await measure({ ...row, databaseUrl });
        const [emptySpeed, fullSpeed] = [empty, full].map((one) => one.donePerSecond ?? one.perSecond);
        ratios[letter].push(fullSpeed / emptySpeed);
        console.error(`round ${round} (${letter}): ${Math.round(emptySpeed)}/s, ${Math.round(fullSpeed)}/s`);
      }
    }
  });
  printTargets(
    Object.entries(ratios).map(([letter, values]) => [
      `(${letter}) with ${flags.stored} events stored / (${letter})`,
      median(values),
      '≥',
      0.9,
    ]),
  );
}
