// npm run bench:reports: duration of reports over 90 days of messages, and throughput and memory use of an export.
//
//   npm run bench:reports -- --messages 5000000 --exported 1000000 --times 31
import 'reflect-metadata';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DataSource } from 'typeorm';
import { postackEntities, postackMigrations } from '../../dist/src/index.js';
import { ReportExport, Reports } from '../../dist/src/reports/index.js';
import { PostackDatabase } from '../../dist/src/database/postack-database.js';
import { FailuresOptions } from '../../dist/src/failures/failures.options.js';
import { EmbeddedPostgres } from '../../dist/src/service/embedded-postgres/embedded-postgres.js';
import { median, printTargets } from './tables.js';

const { values: flags } = parseArgs({
  options: {
    messages: { type: 'string', default: '5000000' },
    exported: { type: 'string', default: '1000000' },
    times: { type: 'string', default: '31' },
  },
});

const DAYS = 90;
const directory = await mkdtemp(join(tmpdir(), 'nestjs-postack-bench-'));
const postgres = await EmbeddedPostgres.start(directory);
const dataSource = new DataSource({
  type: 'postgres',
  url: postgres.url,
  entities: postackEntities(),
  migrations: [...postackMigrations],
});
await dataSource.initialize();
await dataSource.runMigrations();
try {
  await fillRollups(Number(flags.messages));
  await measureReports(Number(flags.times));
  await fillMessages(Number(flags.exported));
  await measureExport();
} finally {
  await dataSource.destroy();
  await postgres.stop();
  await rm(directory, { recursive: true, force: true });
}

/** Fills the rollups as the projection does for this number of messages: 10 own numbers, 8 countries, 2 processes. */
async function fillRollups(messages) {
  await dataSource.query(`CREATE UNLOGGED TABLE made AS
    SELECT at, n / 10 % 10 AS own, n / 100 % 8 AS country, 1 + n / 1000 % 3 AS segments, (n % 2)::smallint AS slot, n % 5 < 2 AS is_inbound,
      (ARRAY['delivered', 'delivered', 'delivered', 'undelivered', 'failed'])[1 + n % 5] AS state, n / 10 % 7 AS code,
      round(82 + 12 * (random() + random() + random() - 1.5))::smallint AS bin
    FROM (SELECT n, date_trunc('day', now()) - random() * interval '${DAYS} days' AS at
      FROM generate_series(1, ${messages}) AS n) AS times`);
  const states = (state) => `count(*) FILTER (WHERE NOT is_inbound AND state = '${state}')`;
  const counts = `count(*) FILTER (WHERE is_inbound), 0, 0, 0, 0, 0, ${states('failed')}, ${states('undelivered')},
    ${states('delivered')}, 0, coalesce(sum(segments) FILTER (WHERE is_inbound), 0),
    coalesce(sum(segments) FILTER (WHERE NOT is_inbound), 0),
    count(*) / 4, count(*) / 5`;
  const dimensions = {
    total: `''`,
    ownNumber: `'number' || own`,
    country: `'C' || country`,
    segments: 'segments::text',
    errorCode: `'code' || code`,
  };
  for (const [dimension, value] of Object.entries(dimensions)) {
    await dataSource.query(`INSERT INTO postack.report_count
      SELECT '${dimension}', date_bin('15 min', at, 'epoch'), ${value}, slot, ${counts} FROM made GROUP BY 2, 3, 4`);
    if (dimension !== 'total' && dimension !== 'ownNumber') continue;
    await dataSource.query(`INSERT INTO postack.report_duration
      SELECT duration, '${dimension}', date_trunc('hour', at), ${value}, bin, slot, count(*)
      FROM made, unnest(ARRAY['timeToDelivered', 'timeToFirstReply', 'eventLag']) AS duration
      WHERE duration <> 'eventLag' OR '${dimension}' = 'total' GROUP BY 1, 3, 4, 5, 6`);
  }
  await dataSource.query(`INSERT INTO postack.report_event (bucket, slot, accepted)
    SELECT date_bin('15 min', at, 'epoch'), slot, 3 * count(*) FROM made GROUP BY 1, 2`);
  await dataSource.query(`INSERT INTO postack.opt_out_evidence
      (peer, own_number, action, source, endpoint, event_id, occurred_at, changed)
    SELECT '+1' || round(2e9 + 7e9 * random()), 'number', 'opt-out', 'message', 'default', gen_random_uuid(), at, true FROM made LIMIT ${messages / 50}`);
  await dataSource.query(`INSERT INTO postack.message_failure (message_id, state, source, code, cause_class, failed_at)
    SELECT gen_random_uuid(), 'rejected', 'rejection', 'code' || code, 'unknown', at FROM made LIMIT ${messages / 100}`);
  await dataSource.query('DROP TABLE made');
  await dataSource.query('VACUUM (ANALYZE)');
  await dataSource.query('CHECKPOINT');
}

async function measureReports(times) {
  const reports = new Reports(new PostackDatabase(dataSource), new FailuresOptions());
  const to = new Date(Math.floor(Date.now() / 86_400_000) * 86_400_000);
  const period = { from: new Date(to.getTime() - DAYS * 86_400_000), to };
  const series = { ...period, interval: 'hour', timezone: 'Europe/Berlin' };
  const calls = {
    summary: () => reports.summary(period),
    'hourly series': () => reports.timeseries({ ...series, metric: 'received' }),
    'hourly rate': () => reports.timeseries({ ...series, metric: 'optOutRate' }),
    'daily series by own number': () =>
      reports.timeseries({ ...series, interval: 'day', metric: 'deliveryRate', groupBy: 'ownNumber' }),
    numbers: () => reports.numbers(period),
    errors: () => reports.errors(period),
    'latency by own number': () => reports.latency({ ...period, groupBy: 'ownNumber' }),
  };
  const targets = [];
  for (const [name, call] of Object.entries(calls)) {
    const taken = [];
    for (let time = 0; time < times; time += 1) {
      const started = performance.now();
      await call();
      taken.push(performance.now() - started);
    }
    const what = `${name}, ${DAYS} days, ${flags.messages} messages: median ms`;
    const isPromised = name === 'summary' || name === 'hourly series';
    targets.push(isPromised ? [what, median(taken), '<', 200] : [what, median(taken)]);
  }
  const [size] = await dataSource.query(
    `SELECT pg_total_relation_size('postack.report_count') + pg_total_relation_size('postack.report_duration') AS bytes`,
  );
  targets.push(['rollups, MB', Number(size.bytes) / 1e6]);
  printTargets(targets);
}

async function fillMessages(messages) {
  await dataSource.query(`INSERT INTO postack.message
    SELECT 'SM' || n, 'outbound', 'delivered', at, NULL, false, '+15550100002', '+1555' || 2000000 + n % 1000000,
      repeat('x', 100), 1, '[]', at, at
    FROM generate_series(1, ${messages}) AS n, LATERAL (SELECT date_trunc('second', now()) - n * interval '1 second' AS at) AS times`);
  await dataSource.query('VACUUM (ANALYZE) postack.message');
}

async function measureExport() {
  const targets = [];
  for (const format of ['csv', 'ndjson']) {
    const stream = new ReportExport(new PostackDatabase(dataSource), new FailuresOptions()).open({
      format,
      from: new Date(0),
      includeNumbers: true,
    });
    let rows = 0;
    let early = 0;
    let peak = 0;
    const started = performance.now();
    for await (const chunk of stream) {
      for (const byte of chunk) if (byte === 10) rows += 1;
      const { rss } = process.memoryUsage();
      if (rows < Number(flags.exported) / 2) early = Math.max(early, rss);
      peak = Math.max(peak, rss);
    }
    targets.push([`${format} of ${rows} rows: rows/s`, rows / ((performance.now() - started) / 1000)]);
    targets.push([`${format}: peak memory / peak of its first half`, peak / early, '<', 1.1]);
  }
  printTargets(targets);
}
