// npm run bench: everything on one machine in one run, in interleaved rounds, medians printed. Compare rows of one
// run, never runs: `stolen %` is processor time that the machine did not have at all.
//
//   npm run bench -- --sections rows --rows abd --rounds 5 --count 20000 --connections 64
//
// Sections: `rows`, the throughput table; `steady`, latency at 500 events a second; `memory`, the peak at 1,000 a
// second; `stored`, accepting on top of `--stored` events.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { EmbeddedPostgres } from '../../dist/src/service/embedded-postgres/embedded-postgres.js';
import { fillInbox } from './fill-inbox.js';
import { measure, query } from './measure.js';
import { median, printRows, printTargets } from './tables.js';

const { values: flags } = parseArgs({
  options: {
    sections: { type: 'string', default: 'rows,steady,memory,stored' },
    rows: { type: 'string', default: 'abcdefgh' },
    rounds: { type: 'string', default: '3' },
    count: { type: 'string', default: '20000' },
    connections: { type: 'string', default: '256' },
    'listener-count': { type: 'string', default: '4000' },
    seconds: { type: 'string', default: '15' },
    stored: { type: 'string', default: '2000000' },
  },
});
const rounds = Number(flags.rounds);
const seconds = Number(flags.seconds);
const { connections } = flags;

const ROWS = [
  { letter: 'a', name: 'vendor sample, nothing stored', server: 'sample' },
  { letter: 'b', name: 'vendor sample + INSERT', server: 'sample+insert' },
  { letter: 'c', name: 'bare node:http, verify only', server: 'bare' },
  { letter: 'd', name: 'ours, accept, Express', server: 'accept-express' },
  { letter: 'e', name: 'ours, accept, Fastify', server: 'accept-fastify' },
  { letter: 'f', name: 'ours, end to end', server: 'all-express', until: 'projected' },
  { letter: 'h', name: 'ours, end to end, no reports', server: 'all-express-reports', until: 'projected' },
  { letter: 'g', name: 'ours, one listener on all', server: 'all-express+listener', until: 'handled' },
].filter(({ letter }) => flags.rows.includes(letter));

const SECTIONS = { rows: compareRows, steady, memory, stored };

const directory = await mkdtemp(join(tmpdir(), 'nestjs-postack-bench-'));
const postgres = await EmbeddedPostgres.start(directory);
let databases = 0;
try {
  for (const name of flags.sections.split(',')) await SECTIONS[name]();
} finally {
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

function measureAlone(row) {
  return withDatabase((databaseUrl) => measure({ databaseUrl, connections, ...row }));
}

async function compareRows() {
  const results = new Map(ROWS.map(({ letter }) => [letter, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const row of ROWS) {
      const count = Number(row.letter === 'g' ? flags['listener-count'] : flags.count);
      const result = await measureAlone({ ...row, count });
      results.get(row.letter).push(result);
      console.error(
        `round ${round} (${row.letter}) ${Math.round(result.donePerSecond ?? result.perSecond)}/s`,
      );
    }
  }
  printRows(ROWS, results);
  // Of the same round: what the machine does to one row, it mostly does to its neighbours too.
  const ratio = (one, other, speedOf = ({ perSecond }) => perSecond) => {
    const others = results.get(other) ?? [];
    const ratios = (results.get(one) ?? []).map(
      ({ donePerSecond, perSecond }, round) => (donePerSecond ?? perSecond) / speedOf(others[round] ?? {}),
    );
    return median(ratios);
  };
  printTargets([
    ['(d) / (a)', ratio('d', 'a'), '≥', 1.3],
    ['(d) / (b)', ratio('d', 'b'), '≥', 2.8],
    ['(e) / (c)', ratio('e', 'c'), '≥', 0.65],
    ['(f) / (b)', ratio('f', 'b'), '≥', 1.4],
    ['(f) commit → projected, p99 ms', median(results.get('f')?.map((one) => one.projectedP99)), '≤', 250],
    ['(g) / (b)', ratio('g', 'b')],
    ['(f) / (h), what reports cost', ratio('f', 'h', ({ donePerSecond }) => donePerSecond), '≥', 0.8],
  ]);
}

/** Everything on, far from its limit. */
async function steady() {
  const rate = 500;
  const row = { server: 'all-express+listener', until: 'handled', rate, count: rate * seconds };
  const { p99, projectedP99, listenerP99, stolen } = await measureAlone(row);
  printTargets([
    [`${rate}/s for ${seconds} s: acknowledged, p99 ms`, p99, '≤', 10],
    ['commit → projected, p99 ms', projectedP99, '≤', 50],
    ['commit → listener called, p99 ms', listenerP99, '≤', 150],
    ['stolen %', stolen],
  ]);
}

async function memory() {
  const rate = 1000;
  const row = { server: 'all-express+listener', until: 'handled', rate, count: rate * seconds };
  const { peakMemoryMb } = await measureAlone(row);
  printTargets([[`${rate}/s for ${seconds} s: peak memory, MB`, peakMemoryMb, '<', 250]]);
}

/** (d) on a table that is full already against (d) on an empty one. */
async function stored() {
  const row = { server: 'accept-express', count: Number(flags.count) };
  const ratios = [];
  await withDatabase(async (databaseUrl) => {
    // Makes the tables.
    await measure({ ...row, databaseUrl, connections, count: 100 });
    await fillInbox(databaseUrl, Number(flags.stored));
    for (let round = 1; round <= rounds; round += 1) {
      const empty = await measureAlone(row);
      const full = await measure({ ...row, databaseUrl, connections });
      ratios.push(full.perSecond / empty.perSecond);
      console.error(`round ${round}: ${Math.round(empty.perSecond)}/s, ${Math.round(full.perSecond)}/s`);
    }
  });
  printTargets([[`(d) with ${flags.stored} events stored / (d)`, median(ratios), '≥', 0.9]]);
}
