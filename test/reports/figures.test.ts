import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { postackEntities, postackMigrations } from '../../src/index.js';
import { Reports } from '../../src/reports/index.js';
import { RequestCounts } from '../../src/reports/request-counts.js';
import { waitForEvent, waitForReports } from '../../src/testing/index.js';
import { QueryCounter } from '../support/query-counter.js';
import { messageBody, startTestApplication } from '../support/test-application.js';
import { createTestDatabase, openDataSource, type TestDatabase } from '../support/test-database.js';
import type { HistoryEvent } from './history.js';
import { compute, exportOf, passOf, projectionOf, REPORT_TABLES, reportsOf } from './report-parts.js';

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

describe('Figures of reports', () => {
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
      passOf(dataSource).run(),
    ]);
    await compute(dataSource);
    const { messages, timeToFirstReply } = await reportsOf(dataSource).summary({ from: new Date(START) });
    expect(messages).toMatchObject({ received: 1200, outbound: 1200, conversations: 1200, replied: 1200 });
    expect(timeToFirstReply).toMatchObject({ count: 1200, p50Ms: expect.closeTo(30_000, -4) });
  });

  it('execute a constant number of statements per batch', async () => {
    const project = projectionOf(dataSource);
    // START TRANSACTION, INSERT of the messages, INSERT of the marks, COMMIT.
    expect(await counted(() => project([exchange(2000, false)]))).toBe(4);
    expect(
      await counted(() => project(many.slice(0, 300).map((index) => exchange(index + 3000, false)))),
    ).toBe(4);
    // Stored messages are read and updated.
    const delivered = many.slice(0, 300).map((index): HistoryEvent => {
      const sent = exchange(index, true);
      return { ...sent, id: `${sent.id}_end`, type: 'message.delivered', at: sent.at + 2000 };
    });
    expect(await counted(() => project(delivered))).toBe(6);
    // Repeated events change nothing, so nothing is marked.
    expect(await counted(() => project(delivered))).toBe(5);
  });

  it('count the messages that an export contains, each once and in order', async () => {
    const stream = exportOf(dataSource).open({
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

  it('count messages next to one with an absurd number of segments', async () => {
    const host = await startTestApplication();
    for (const segments of [2_000_000_000, 2_000_000_000, 3]) {
      const { id } = await host.post(messageBody('message.received', { segments }));
      await waitForEvent(host.application, id);
    }
    await waitForReports(host.application);
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
    await waitForReports(host.application);
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
    const reports = reportsOf(dataSource);
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
    await compute(dataSource);
    const reports = reportsOf(dataSource);
    const { items } = await reports.errors({ from: new Date(at), to: new Date(at + 1) });
    const meaning = 'Neither Postack nor the carrier gave a reason';
    expect(items).toMatchObject([{ cause: 'unknown', errorCode: 'unknown', meaning, failed: 1, share: 1 }]);
  });

  it('do not depend on the order of arrival or the locale for messages of the same time', async () => {
    const other = await createTestDatabase();
    const source = await openDataSource(other.url);
    await source.query('DROP VIEW postack.report_message');
    // As in a database that sorts "a" before "C".
    await source.query('ALTER TABLE postack.message ALTER id TYPE text COLLATE "en-x-icu"');
    const project = projectionOf(source);
    const reports = reportsOf(source);
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
      await source.query(`TRUNCATE postack.message, ${REPORT_TABLES.join(', ')}`);
      for (const event of order) {
        await project([event]);
        await compute(source);
      }
      const { messages } = await reports.summary({ from: new Date(START) });
      // By bytes, "C" comes first, and is replied to.
      expect(messages).toMatchObject({ received: 2, conversations: 1, replied: 1 });
    }
    await source.destroy();
    await other.drop();
  });
});
