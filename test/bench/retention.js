// npm run bench:retention: how fast events are accepted with and without retention going through old ones meanwhile,
// in turns, in one run on one machine.
import 'reflect-metadata';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { postackEntities, postackMigrations, Retention } from '../../dist/src/index.js';
import { PostackDatabase } from '../../dist/src/database/postack-database.js';
import { JobsOptions } from '../../dist/src/jobs/jobs.options.js';
import { Shutdown } from '../../dist/src/jobs/shutdown.js';
import { RetentionOptions } from '../../dist/src/retention/retention.options.js';
import { EmbeddedPostgres } from '../../dist/src/service/embedded-postgres/embedded-postgres.js';

const { values: flags } = parseArgs({
  options: {
    old: { type: 'string', default: '300000' },
    count: { type: 'string', default: '10000' },
    pairs: { type: 'string', default: '21' },
    role: { type: 'string', default: 'accept-express' },
  },
});
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

const directory = await mkdtemp(join(tmpdir(), 'nestjs-postack-bench-'));
const postgres = await EmbeddedPostgres.start(directory);
const env = { ...process.env, BENCH_SECRET: secret, BENCH_DATABASE_URL: postgres.url };
const server = spawn(process.execPath, [join(import.meta.dirname, 'server.js'), flags.role], {
  env,
  stdio: ['ignore', 'pipe', 'inherit'],
});
const url = (await createInterface({ input: server.stdout })[Symbol.asyncIterator]().next()).value;
const dataSource = new DataSource({
  type: 'postgres',
  url: postgres.url,
  entities: postackEntities(),
  migrations: [...postackMigrations],
});
await dataSource.initialize();
const admin = new pg.Client({ connectionString: postgres.url });
await admin.connect();
const retention = new Retention(
  new RetentionOptions(),
  new Shutdown(new JobsOptions()),
  new PostackDatabase(dataSource),
);

const rows = [];
await load(5000);
for (const [days, what] of [
  [40, 'payloads'],
  [100, 'events'],
]) {
  await storeOldEvents(Number(flags.old), days);
  const rates = { without: [], with: [] };
  let removedMeanwhile = 0;
  for (let pair = 0; pair < Number(flags.pairs); pair += 1) {
    // Each goes first as often: the tables grow meanwhile.
    for (const phase of pair % 2 === 0 ? ['without', 'with'] : ['with', 'without']) {
      const stop = new AbortController();
      const run = phase === 'with' ? retention.run(stop.signal) : undefined;
      const { perSecond, p50, p99 } = await load(Number(flags.count));
      stop.abort();
      const report = await run;
      const removed = report ? report.payloadsRemoved + report.eventsRemoved : undefined;
      removedMeanwhile += removed ?? 0;
      rates[phase].push(perSecond);
      rows.push({
        phase: `${phase} removal of ${what}`,
        perSecond: Math.round(perSecond),
        p50,
        p99,
        removed,
      });
    }
  }
  const started = performance.now();
  const rest = await retention.run();
  const perSecond = (rest.payloadsRemoved + rest.eventsRemoved) / ((performance.now() - started) / 1000);
  console.log({
    what,
    // Of neighbours in time: what else the machine does meanwhile falls on both.
    ratio: median(rates.with.map((rate, pair) => rate / rates.without[pair])),
    removedMeanwhile,
    'removed a second, without load': perSecond,
    ...(await tableState()),
  });
}
console.table(rows);
server.kill('SIGTERM');
await admin.end();
await dataSource.destroy();
await postgres.stop();
await rm(directory, { recursive: true, force: true });

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

async function load(count) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'load.js')], {
    env: { ...env, BENCH_URL: url, BENCH_COUNT: String(count) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse((await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next()).value);
}

/** As the module leaves them: stored in batches, dispatched in batches soon after, handled by one listener. */
async function storeOldEvents(count, days) {
  await admin.query(`DO $$ DECLARE last bigint; BEGIN
    FOR batch IN 0..${count / 500 - 1} LOOP
      SELECT coalesce(max(id), 0) INTO last FROM postack.inbox_event;
      INSERT INTO postack.inbox_event (endpoint, svix_id, type, status, occurred_at, received_at, body,
        secret_fingerprint, clock_skew_ms)
      SELECT 'default', 'msg_' || gen_random_uuid(), 'message.received', 'pending', at, at,
        convert_to(repeat(md5(n::text), 10), 'UTF8'), 'abcdef01', 12
      FROM generate_series(1, 500) AS n, LATERAL (SELECT now() - interval '${days} days' + batch * interval '1 s' AS at);
      COMMIT;
      WITH dispatched AS (
        UPDATE postack.inbox_event SET status = 'dispatched', dispatched_at = now(), projections = '{messages}'
          WHERE id > last RETURNING id
      )
      INSERT INTO postack.delivery (event_id, handler, status, attempts)
      SELECT id, 'bench', 'done', 1 FROM dispatched;
      COMMIT;
    END LOOP;
  END $$`);
  await admin.query('VACUUM ANALYZE postack.inbox_event, postack.delivery');
  await admin.query('CHECKPOINT');
}

async function tableState() {
  await admin.query('SELECT pg_stat_clear_snapshot()');
  const { rows: state } = await admin.query(
    `SELECT n_live_tup, n_dead_tup, n_tup_upd, n_tup_hot_upd, autovacuum_count,
       pg_size_pretty(pg_total_relation_size(relid)) AS size
     FROM pg_stat_user_tables WHERE relname = 'inbox_event'`,
  );
  return state[0];
}
