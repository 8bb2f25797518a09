import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PostackDatabase } from '../../src/database/postack-database.js';
import { DataSource } from 'typeorm';
import { FailuresOptions } from '../../src/failures/failures.options.js';
import { postackEntities, postackMigrations } from '../../src/index.js';
import { ReportExport, Reports } from '../../src/reports/index.js';
import { RebuildHours } from '../../src/reports/rebuild/rebuild-hours.js';
import { HOUR_MS } from '../../src/reports/rollups/report-time.js';
import { countQuarantined } from '../../src/reports/rollups/quarantined-events.js';
import { RequestCounts } from '../../src/reports/rollups/request-counts.js';
import { waitForEvent } from '../../src/testing/index.js';
import { QueryCounter } from '../support/query-counter.js';
import { messageBody, startTestApplication } from '../support/test-application.js';
import { createTestDatabase, openDataSource, type TestDatabase } from '../support/test-database.js';
import type { HistoryEvent } from './history.js';
import { projectionOf, REPORT_TABLES } from './report-parts.js';

const START = Date.UTC(2026, 0, 5, 8);

/** One message per second, each from another customer, and each answered after 30 seconds. */
function exchange(index: number, answer: boolean): HistoryEvent {
  const [own, peer] = ['+15550100002', `+1415555${String(1000 + index)}`];
  return {
    id: `msg_${index}_${answer}`,
    type: answer ? 'message.sent' : 'message.received',
    at: START + index * 1000 + (answer ? 30_000 : 0),
    messageId: `${answer ? 'out' : 'in'}${index}`,
    ...(answer ? { from: own, to: peer } : { from: peer, to: own }),
    segments: 1,
    errorCode: null,
  };
}

const many = Array.from({ length: 1200 }, (_, index) => index);

/** All permutations of a list. */
const orders = <T>(list: readonly T[]): T[][] =>
  list.length < 2
    ? [[...list]]
    : list.flatMap((one) => orders(list.filter((other) => other !== one)).map((rest) => [one, ...rest]));

describe('MessageReports', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  const statements = new QueryCounter('');

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = new DataSource({
      type: 'postgres',
      url: database.url,
      entities: postackEntities(),
      migrations: [...postackMigrations],
      logger: statements,
    });
    await dataSource.initialize();
    await dataSource.runMigrations();
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  const counted = async (work: () => Promise<unknown>) => {
    const before = statements.count;
    await work();
    return statements.count - before;
  };

  it('see both sides of conversations that two processes change at the same time', async () => {
    const project = [projectionOf(dataSource), projectionOf(dataSource)];
    await Promise.all([
      project[0]!(many.map((index) => exchange(index, false))),
      project[1]!(many.map((index) => exchange(index, true))),
    ]);
    const { messages, timeToFirstReply } = await new Reports(
      new PostackDatabase(dataSource),
      new FailuresOptions(),
    ).summary({ from: new Date(START) });
    expect(messages).toMatchObject({ received: 1200, outbound: 1200, conversations: 1200, replied: 1200 });
    expect(timeToFirstReply).toMatchObject({ count: 1200, p50Ms: expect.closeTo(30_000, -4) });
  });

  it('execute a constant number of statements per batch', async () => {
    const project = projectionOf(dataSource);
    // START TRANSACTION, INSERT of the messages, lock, conversations, rollups, COMMIT.
    expect(await counted(() => project([exchange(2000, false)]))).toBe(6);
    expect(
      await counted(() => project(many.slice(0, 300).map((index) => exchange(index + 3000, false)))),
    ).toBe(6);
    // Stored messages are read and updated; their positions in the conversations do not change.
    const delivered = many.slice(0, 300).map((index): HistoryEvent => {
      const sent = exchange(index, true);
      return { ...sent, id: `${sent.id}_end`, type: 'message.delivered', at: sent.at + 2000 };
    });
    expect(await counted(() => project(delivered))).toBe(6);
    // Repeated events change nothing, so no rollups are written.
    expect(await counted(() => project(delivered))).toBe(5);
  });

  it('count the messages that an export contains, each once and in order', async () => {
    const stream = new ReportExport(new PostackDatabase(dataSource), new FailuresOptions()).open({
      format: 'ndjson',
      from: new Date(START),
    });
    const text = (await stream.toArray()).join('');
    const rows = text.trimEnd().split('\n');
    const exported = rows.map((row) => JSON.parse(row) as { id: string; firstEventAt: string });
    expect(new Set(exported.map(({ id }) => id)).size).toBe(2701);
    expect(exported).toHaveLength(2701);
    expect(exported.map(({ firstEventAt }) => firstEventAt)).toEqual(
      exported.map(({ firstEventAt }) => firstEventAt).toSorted(),
    );
  });

  it('have conversation entries that a rebuild restores, page by page', async () => {
    const places = () =>
      dataSource.query(`SELECT * FROM postack.conversation_entry ORDER BY conversation, at, message_id`);
    const before: unknown[] = await places();
    expect(before).toHaveLength(2701);
    await dataSource.query(
      `UPDATE postack.conversation_entry SET message_id = 'gone' || message_id WHERE random() < 0.3`,
    );
    const hours = new RebuildHours(new PostackDatabase(dataSource));
    let pages = 0;
    let hour = await hours.next('conversations', START - HOUR_MS);
    for (; hour !== null; hour = await hours.next('conversations', hour + HOUR_MS))
      for await (const { done } of hours.rebuild('conversations', hour)) if (done > 0) pages += 1;
    expect(pages).toBeGreaterThanOrEqual(3);
    expect(await places()).toEqual(before);
  });

  it('count messages next to one with an absurd number of segments', async () => {
    const host = await startTestApplication();
    for (const segments of [2_000_000_000, 2_000_000_000, 3]) {
      const { id } = await host.post(messageBody('message.received', { segments }));
      await waitForEvent(host.application, id);
    }
    const { messages } = await host.application.get(Reports).summary();
    expect(messages).toMatchObject({ received: 3, segmentsReceived: 3 });
    await host.close();
  });

  it('include the duplicates that a process counted before it stopped', async () => {
    const own = await createTestDatabase();
    const host = await startTestApplication({ database: own });
    const body = messageBody('message.received');
    const { id } = await host.post(body);
    await waitForEvent(host.application, id);
    await host.post(body, { id });
    await host.close();
    expect(
      await own.query(
        'SELECT sum(accepted)::int AS accepted, sum(duplicates)::int AS duplicates FROM postack.report_event',
      ),
    ).toEqual([{ accepted: 1, duplicates: 1 }]);
    await own.drop();
  });

  it('include the requests of an outage, and do not delay the shutdown', async () => {
    const host = await startTestApplication({ options: { shutdownTimeoutMs: 100 } });
    const counts = host.application.get(RequestCounts, { strict: false });
    await host.database.query('ALTER TABLE postack.report_event RENAME TO away');
    await fetch(host.webhookUrl, { method: 'POST', body: '{}' });
    await counts.flush();
    await counts.flush();
    await host.database.query('ALTER TABLE postack.away RENAME TO report_event');
    await counts.flush();
    await counts.flush();
    expect(await host.database.query('SELECT rejected FROM postack.report_event')).toEqual([{ rejected: 1 }]);

    const blocking = host.dataSource.createQueryRunner();
    await blocking.startTransaction();
    await blocking.query('LOCK TABLE postack.report_event');
    await fetch(host.webhookUrl, { method: 'POST', body: '{}' });
    await host.application.close();
    await blocking.rollbackTransaction();
    await blocking.release();
    await host.dataSource.destroy();
    await host.database.drop();
  });

  it('count a repeated opt-out once per interval, in reports and in the view', async () => {
    const optOut = (peer: string, minutes: number) =>
      database.query(
        `INSERT INTO postack.opt_out_evidence
           (peer, own_number, action, source, endpoint, event_id, occurred_at, changed)
         VALUES ($1, '+15550100002', 'opt-out', 'message', 'default', gen_random_uuid(), $2, true)`,
        [peer, new Date(START + minutes * 60_000)],
      );
    for (const minutes of [0, 5, 70]) await optOut('+14155551000', minutes);
    await optOut('+14155551001', 10);
    const reports = new Reports(new PostackDatabase(dataSource), new FailuresOptions());
    const period = { from: new Date(START), to: new Date(START + 3 * 3_600_000) };
    expect(await reports.summary(period)).toMatchObject({ optOuts: 2, optOutRate: 2 / 1200 });
    const { series } = await reports.timeseries({ ...period, metric: 'optOuts', interval: 'hour' });
    expect(series[0]!.points.map(({ value }) => value)).toEqual([2, 1, 0]);
    const view = await database.query<{ opt_outs: string }>(
      'SELECT opt_outs FROM postack.report_hourly_opt_outs ORDER BY hour',
    );
    expect(view.map(({ opt_outs: count }) => Number(count))).toEqual([2, 1]);
  });

  it('report a failure without an error code as one without a reason', async () => {
    const at = START + 10 * 86_400_000;
    await projectionOf(dataSource)([{ ...exchange(9000, true), type: 'message.failed', at }]);
    const reports = new Reports(new PostackDatabase(dataSource), new FailuresOptions());
    const { items } = await reports.errors({ from: new Date(at), to: new Date(at + 1) });
    const meaning = 'Neither Postack nor the carrier gave a reason';
    expect(items).toMatchObject([{ cause: 'unknown', errorCode: 'unknown', meaning, failed: 1, share: 1 }]);
  });

  it('keep the number of quarantined events if another process counts fewer', async () => {
    const bucket = new Date(START);
    await database.query(`INSERT INTO postack.report_event (bucket, slot, quarantined) VALUES ($1, -1, 5);`, [
      bucket,
    ]);
    await dataSource.query(
      `INSERT INTO postack.inbox_event
         (endpoint, svix_id, status, secret_fingerprint, clock_skew_ms, occurred_at, received_at)
       VALUES ('default', 'quarantined', 'quarantined', '', 0, $1, $1)`,
      [bucket],
    );
    await countQuarantined(bucket, new Date(START + 1), new PostackDatabase(dataSource));
    expect(await database.query('SELECT quarantined FROM postack.report_event WHERE slot = -1')).toEqual([
      { quarantined: 5 },
    ]);
  });

  it('do not depend on the order of arrival or the locale for messages of the same time', async () => {
    const other = await createTestDatabase();
    const source = await openDataSource(other.url);
    // As in a database that sorts "a" before "C".
    await source.query(
      'ALTER TABLE postack.conversation_entry ALTER message_id TYPE text COLLATE "en-x-icu"',
    );
    const project = projectionOf(source);
    const reports = new Reports(new PostackDatabase(source), new FailuresOptions());
    const [own, peer] = ['+15550100002', '+491701234567'];
    const eventNow = (messageId: string, type: 'message.received' | 'message.sent'): HistoryEvent => ({
      ...{ id: `msg_${messageId}`, type, at: START, messageId, segments: 1, errorCode: null },
      ...(type === 'message.sent' ? { from: own, to: peer } : { from: peer, to: own }),
    });
    const events = [
      eventNow('a', 'message.sent'),
      eventNow('b', 'message.received'),
      eventNow('C', 'message.received'),
    ];
    for (const order of orders(events)) {
      await source.query(`TRUNCATE postack.message, postack.conversation_entry, ${REPORT_TABLES.join(', ')}`);
      for (const event of order) await project([event]);
      const { messages } = await reports.summary({ from: new Date(START) });
      // By bytes, "C" comes first, and is replied to.
      expect(messages).toMatchObject({ received: 2, conversations: 1, replied: 1 });
    }
    await source.destroy();
    await other.drop();
  });
});
