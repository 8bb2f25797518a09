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
import { ReportExport, ReportRebuild, Reports } from '../../dist/src/reports/index.js';
import { ReportPass } from '../../dist/src/reports/report-pass.js';
import { MAX_IN_WINDOW, ReportWindows } from '../../dist/src/reports/report-windows.js';
import { ReportsOptions } from '../../dist/src/reports/reports.options.js';
import { RetentionOptions } from '../../dist/src/retention/retention.options.js';
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
  await fillMessages(Number(flags.messages));
  await fillOthers(Number(flags.messages));
  await measureRebuild(Number(flags.messages));
  await measureReports(Number(flags.times));
  await measureWindow(7);
  await fillExported(Number(flags.exported));
  await measureExport();
} finally {
  await dataSource.destroy();
  await postgres.stop();
  await rm(directory, { recursive: true, force: true });
}

/** Messages of 90 days: 10 own numbers, 8 countries, 40 % inbound, conversations of 6 messages within a day. */
async function fillMessages(messages) {
  await dataSource.query(`INSERT INTO postack.message
      (id, direction, state, state_at, conflict, from_number, to_number, text, segments, error_code, history, first_event_at,
       last_event_at, own_number_key, country, conversation, peer_prefix, delivered_after_ms)
    SELECT 'SM' || md5(n::text), CASE WHEN is_inbound THEN 'inbound' ELSE 'outbound' END,
      CASE WHEN is_inbound THEN 'received' ELSE (ARRAY['delivered', 'delivered', 'delivered', 'undelivered', 'failed'])[1 + n / 7 % 5] END,
      at, false, '+1555010' || 1000 + own, '+1555' || 2000000 + n % 1000000, repeat('x', 100), 1 + n / 1000 % 3, 'code' || n / 10 % 7,
      '[]', at, at, 'number' || own, 'C' || n / 100 % 8, n / 6, '+1555200',
      CASE WHEN NOT is_inbound AND n / 7 % 5 < 3 THEN exp(7 + 3 * random()) END
    FROM (SELECT n, n / 6 % 10 AS own, n % 5 < 2 AS is_inbound, date_trunc('day', now()) - interval '${DAYS} days'
        + ((hashint8(n / 6)::bigint + 2147483648) / 4294967296.0) * interval '${DAYS - 1} days' + n % 6 * random() * interval '2 hours' AS at
      FROM generate_series(1::bigint, ${messages}) AS n) AS made ORDER BY at`);
  await dataSource.query('VACUUM (ANALYZE) postack.message');
  await dataSource.query('CHECKPOINT');
}

/** A rebuild of all messages, as the job and a waiting caller do it. */
async function measureRebuild(messages) {
  const database = new PostackDatabase(dataSource);
  const pass = new ReportPass(database.forLongStatements, { C1: 0.07, '+1': 0.01 });
  const rebuild = new ReportRebuild(new RetentionOptions(), { rebuild: () => pass.rebuild() }, database);
  const started = performance.now();
  let windows = 0;
  for await (const { total } of rebuild.run(new Date(0))) windows = total;
  const seconds = (performance.now() - started) / 1000;
  await dataSource.query('VACUUM (ANALYZE)');
  printTargets([
    [
      `rebuild of ${messages} messages in ${windows} windows: s`,
      seconds,
      ...(messages <= 5e6 ? ['<', 300] : []),
    ],
  ]);
}

/** One busy window: as many messages as may be in one, computed again with all of them changed. */
async function measureWindow(times) {
  const start = new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000);
  await dataSource.query(
    `INSERT INTO postack.message (id, direction, state, state_at, conflict, from_number, to_number, segments, history,
       first_event_at, last_event_at, own_number_key, country, conversation, peer_prefix, delivered_after_ms)
     SELECT 'busy' || n, CASE WHEN n % 3 = 0 THEN 'inbound' ELSE 'outbound' END, CASE WHEN n % 3 = 0 THEN 'received' ELSE 'delivered' END,
       at, false, '+1', '+2', 1, '[]', at, at, 'number' || n / 6 % 10, 'C' || n / 6 % 8, -n / 6, '+1555200', 5000
     FROM generate_series(1, ${MAX_IN_WINDOW}) AS n, LATERAL (SELECT $1::timestamptz + n * interval '1 ms' AS at) AS times`,
    [start],
  );
  await dataSource.query('VACUUM (ANALYZE) postack.message');
  const database = new PostackDatabase(dataSource);
  const windows = new ReportWindows(database, { C1: 0.07, '+1': 0.01 });
  const taken = [];
  for (let time = 0; time < times; time += 1) {
    await dataSource.query('DELETE FROM postack.report_count WHERE bucket >= $1', [start]);
    const started = performance.now();
    await database.transaction((manager) => windows.replace('messages', { start, seconds: 3600 }, manager));
    taken.push(performance.now() - started);
  }
  printTargets([[`window of ${MAX_IN_WINDOW} messages: median ms`, median(taken), '<', 300]]);
}

async function fillOthers(messages) {
  await dataSource.query(`INSERT INTO postack.report_event (bucket, accepted)
    SELECT date_bin('15 min', at, 'epoch'), ${Math.round(messages / DAYS / 24 / 4)}
    FROM generate_series(date_trunc('day', now()) - interval '${DAYS} days', date_trunc('day', now()), '15 min') AS at`);
  await dataSource.query(`INSERT INTO postack.opt_out_evidence
      (peer, own_number, action, source, endpoint, event_id, occurred_at, changed)
    SELECT '+1' || round(2e9 + 7e9 * random()), 'number', 'opt-out', 'message', 'default', gen_random_uuid(), first_event_at, true
    FROM postack.message LIMIT ${messages / 50}`);
  await dataSource.query(`INSERT INTO postack.message_failure (message_id, state, source, code, cause_class, failed_at)
    SELECT gen_random_uuid(), 'rejected', 'rejection', error_code, 'unknown', first_event_at FROM postack.message LIMIT ${messages / 100}`);
  await dataSource.query('VACUUM (ANALYZE)');
  await dataSource.query('CHECKPOINT');
}

async function measureReports(times) {
  const reports = new Reports(new PostackDatabase(dataSource), new FailuresOptions(), new ReportsOptions());
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
    'daily series by two dimensions': () =>
      reports.timeseries({
        ...series,
        interval: 'day',
        metric: 'deliveryRate',
        groupBy: ['ownNumber', 'country'],
      }),
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
    const promised = { summary: 150, 'hourly series': 150, 'latency by own number': 300 }[name];
    targets.push(promised ? [what, median(taken), '<', promised] : [what, median(taken)]);
  }
  const [size] = await dataSource.query(
    `SELECT pg_total_relation_size('postack.report_count') + pg_total_relation_size('postack.report_duration') AS bytes`,
  );
  targets.push(['figures, MB', Number(size.bytes) / 1e6]);
  printTargets(targets);
}

async function fillExported(messages) {
  await dataSource.query('TRUNCATE postack.message');
  await dataSource.query(`INSERT INTO postack.message
    SELECT 'SM' || n, 'outbound', 'delivered', at, NULL, false, '+15550100002', '+1555' || 2000000 + n % 1000000,
      repeat('x', 100), 1, '[]', at, at
    FROM generate_series(1, ${messages}) AS n, LATERAL (SELECT date_trunc('second', now()) - n * interval '1 second' AS at) AS times`);
  await dataSource.query('VACUUM (ANALYZE) postack.message');
}

async function measureExport() {
  const targets = [];
  for (const format of ['csv', 'ndjson']) {
    const stream = new ReportExport(
      new PostackDatabase(dataSource),
      new FailuresOptions(),
      new ReportsOptions(),
    ).open({
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
