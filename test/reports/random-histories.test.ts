import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import type { Grouping, Metric, Reports } from '../../src/reports/index.js';
import { createTestDatabase, openDataSource, type TestDatabase } from '../support/test-database.js';
import { expectPercentiles } from './expect-percentiles.js';
import { CAUSES, historyBatches, PEERS, PRICE_TABLE, type HistoryEvent } from './history.js';
import { localDay, naiveMessages, opensConversation, repliedAfterMs, type NaiveMessage } from './naive.js';
import {
  compute,
  exportOf,
  passOf,
  projectionOf,
  rebuild,
  REPORT_TABLES,
  reportsOf,
} from './report-parts.js';

const ZONES = ['UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'America/St_Johns'];
const byId = ([a]: unknown[], [b]: unknown[]) => (String(a) < String(b) ? -1 : 1);
const WHOLE = { from: new Date('2026-01-01'), to: new Date('2027-01-01') };

/** Only a hang takes longer, also on a busy machine. */
const HANG_MS = 180_000;

describe('Reports', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let reports: Reports;

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await openDataSource(database.url);
    reports = reportsOf(dataSource, PRICE_TABLE);
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  /** Projects a history into empty tables, and computes the figures meanwhile, like two processes. */
  async function project(
    batches: readonly HistoryEvent[][],
    processes = [projectionOf(dataSource), projectionOf(dataSource)],
  ): Promise<NaiveMessage[]> {
    await dataSource.query(`TRUNCATE postack.message, ${REPORT_TABLES.join(', ')}`);
    const passes = [passOf(dataSource, PRICE_TABLE.perSegment), passOf(dataSource, PRICE_TABLE.perSegment)];
    for (let index = 0; index < batches.length; index += 2) {
      await Promise.all([
        ...batches.slice(index, index + 2).map((batch, which) => processes[which]!(batch)),
        ...passes.map((pass) => pass.run()),
      ]);
    }
    await compute(dataSource, PRICE_TABLE.perSegment);
    return naiveMessages(batches.flat());
  }

  async function expectFigures(all: readonly NaiveMessage[]): Promise<void> {
    const outbound = all.filter(({ isInbound }) => !isInbound);
    const inState = (...states: string[]) => outbound.filter(({ state }) => states.includes(state)).length;
    const sum = (list: readonly NaiveMessage[]) => list.reduce((total, { segments }) => total + segments, 0);
    const repliesMs = all.map((one) => repliedAfterMs(one, all)).filter((ms) => ms !== null);
    const deliveriesMs = all.map(({ deliveredAfterMs }) => deliveredAfterMs).filter((ms) => ms !== null);
    const received = all.length - outbound.length;
    const ended = inState('delivered', 'failed', 'undelivered');
    const { messages, timeToDelivered, timeToFirstReply } = await reports.summary(WHOLE);
    expect(messages).toEqual({
      received,
      outbound: outbound.length,
      states: expect.objectContaining({
        queued: inState('queued'),
        sent: inState('sent'),
        delivered: inState('delivered'),
        failed: inState('failed'),
        undelivered: inState('undelivered'),
      }),
      deliveryRate: ended > 0 ? inState('delivered') / ended : null,
      segmentsReceived: sum(all.filter(({ isInbound }) => isInbound)),
      segmentsSent: sum(outbound),
      conversations: all.filter((one) => opensConversation(one, all)).length,
      replied: repliesMs.length,
      replyRate: received > 0 ? repliesMs.length / received : null,
      cost: {
        amount: expect.closeTo(
          outbound.reduce((total, { to, segments }) => total + segments * PEERS[to]![1], 0),
          6,
        ),
        currency: 'EUR',
        unpricedSegments: sum(outbound.filter(({ to }) => PEERS[to]![1] === 0)),
      },
    });
    expectPercentiles(timeToDelivered, deliveriesMs);
    expectPercentiles(timeToFirstReply, repliesMs);
    await expectAnswers(received, repliesMs);
  }

  async function expectAnswers(received: number, repliesMs: readonly number[]): Promise<void> {
    for (const withinMinutes of [1, 10, 90, 1440]) {
      const answers = await reports.answers({ ...WHOLE, withinMinutes });
      const within = (minutes: number) => repliesMs.filter((ms) => ms <= minutes * 60_000).length;
      expect(answers).toMatchObject({
        received,
        answerRate: received > 0 ? answers.answered / received : null,
      });
      if (withinMinutes === 1440) expect(answers.answered).toBe(repliesMs.length);
      expect(answers.answered).toBeGreaterThanOrEqual(within(withinMinutes * (1 - answers.relativeError)));
      expect(answers.answered).toBeLessThanOrEqual(within(withinMinutes * (1 + answers.relativeError)));
    }
  }

  async function expectSeries(all: readonly NaiveMessage[], timezone: string): Promise<void> {
    const counted = async (metric: Metric, fits: (message: NaiveMessage) => boolean) => {
      const { series } = await reports.timeseries({ ...WHOLE, metric, timezone, interval: 'day' });
      const days = series[0]!.points.map(({ at, value }) => [localDay(at.getTime(), timezone), value]);
      expect(new Set(days.map(([day]) => day)).size).toBe(days.length);
      const expected = Map.groupBy(all.filter(fits), ({ at }) => localDay(at, timezone));
      expect(days.filter(([, value]) => value !== 0)).toEqual(
        [...expected].map(([day, list]) => [day, list.length]).sort(([a], [b]) => (a! < b! ? -1 : 1)),
      );
    };
    await counted('received', ({ isInbound }) => isInbound);
    await counted('delivered', ({ state }) => state === 'delivered');
    await counted('conversations', (one) => opensConversation(one, all));
  }

  async function expectGroups(all: readonly NaiveMessage[]): Promise<void> {
    const failures = all.filter(({ state }) => state === 'failed' || state === 'undelivered');
    const counted = async (groupBy: Grouping, metric: Metric, values: string[]) => {
      const { series } = await reports.timeseries({ ...WHOLE, metric, groupBy, interval: 'month' });
      const reported = series.map(({ value, points }) => [
        value,
        points.reduce((total, point) => total + (point.value ?? 0), 0),
      ]);
      const expected = Map.groupBy(values, (value) => value);
      expect(reported).toEqual(
        [...expected].map(([value, list]) => [value, list.length]).sort(([a], [b]) => (a! < b! ? -1 : 1)),
      );
    };
    const failed = failures.filter(({ state }) => state === 'failed');
    await counted(
      'errorCode',
      'failed',
      failed.map(({ errorCode }) => errorCode ?? 'unknown'),
    );
    await counted(
      'cause',
      'failed',
      failed.map(({ errorCode }) => CAUSES[errorCode ?? ''] ?? 'unknown'),
    );
    const outbound = all.filter(({ isInbound }) => !isInbound);
    await counted(
      'segments',
      'outbound',
      outbound.map(({ segments }) => String(segments)),
    );
    await expectPairs(all);
    const { items } = await reports.errors(WHOLE);
    expect(items.reduce((total, item) => total + item.failed + item.undelivered, 0)).toBe(failures.length);
    const { items: numbers } = await reports.numbers({ ...WHOLE, includeNumbers: true });
    const byNumber = Map.groupBy(all, ({ isInbound, from, to }) => (isInbound ? to : from));
    expect(new Map(numbers.map((item) => [item.number, item.received + item.outbound]))).toEqual(
      new Map([...byNumber].map(([number, list]) => [number, list.length])),
    );
  }

  async function expectPairs(all: readonly NaiveMessage[]): Promise<void> {
    const ofMessage: Partial<Record<Grouping, (message: NaiveMessage) => string>> = {
      ownNumber: ({ isInbound, from, to }) => (isInbound ? to : from),
      country: ({ isInbound, from, to }) => PEERS[isInbound ? from : to]![0],
      segments: ({ segments }) => String(segments),
      cause: ({ errorCode }) => CAUSES[errorCode ?? ''] ?? 'unknown',
      errorCode: ({ errorCode }) => errorCode ?? 'unknown',
    };
    const names = Object.keys(ofMessage) as Grouping[];
    const pairs = names.flatMap((first) => names.map((second) => [first, second] as const));
    for (const groupBy of pairs.filter(([first, second]) => first !== second)) {
      const isOfFailures = groupBy.some((name) => name === 'cause' || name === 'errorCode');
      const metric = isOfFailures ? 'undelivered' : 'conversations';
      const counted = all.filter((one) =>
        isOfFailures ? one.state === 'undelivered' : opensConversation(one, all),
      );
      const { series } = await reports.timeseries({
        ...{ ...WHOLE, metric, groupBy, interval: 'month', includeNumbers: true },
      });
      const reported = series.map(({ values, number, points }) => [
        groupBy.map((name) => (name === 'ownNumber' ? number : values![name])).join(' '),
        points.reduce((total, point) => total + (point.value ?? 0), 0),
      ]);
      const expected = Map.groupBy(counted, (one) => groupBy.map((name) => ofMessage[name]!(one)).join(' '));
      expect(new Map(reported as [string, number][])).toEqual(
        new Map([...expected].map(([value, list]) => [value, list.length])),
      );
    }
  }

  /** What tools that speak SQL see. */
  async function expectViews(all: readonly NaiveMessage[]): Promise<void> {
    const [total] = await dataSource.query<Record<string, number>[]>(
      `SELECT coalesce(sum(outbound), 0)::int AS outbound, coalesce(sum(conversations), 0)::int AS conversations,
         coalesce(sum(cost), 0)::float8 AS cost
       FROM postack.report_hourly_messages WHERE dimension = 'total'`,
    );
    const outbound = all.filter(({ isInbound }) => !isInbound);
    expect(total).toEqual({
      outbound: outbound.length,
      conversations: all.filter((one) => opensConversation(one, all)).length,
      cost: expect.closeTo(
        outbound.reduce((sum, { to, segments }) => sum + segments * PEERS[to]![1], 0),
        6,
      ),
    });
    const pairs = await dataSource.query<
      { country: string; segments: number; opened: number; replied: number }[]
    >(
      `SELECT country, segments, (count(*) FILTER (WHERE opens_conversation))::int AS opened,
         count(replied_after_ms)::int AS replied FROM postack.report_message GROUP BY 1, 2 ORDER BY 1, 2`,
    );
    for (const { country, segments, opened, replied } of pairs) {
      const here = all.filter(
        (one) => one.segments === segments && PEERS[one.isInbound ? one.from : one.to]![0] === country,
      );
      expect([opened, replied]).toEqual([
        here.filter((one) => opensConversation(one, all)).length,
        here.filter((one) => repliedAfterMs(one, all) !== null).length,
      ]);
    }
    const replies = await dataSource.query<{ count: number }[]>(
      `SELECT coalesce(sum(count), 0)::int AS count FROM postack.report_hourly_durations
       WHERE duration = 'timeToFirstReply' AND dimension = 'ownNumber'`,
    );
    expect(replies).toEqual([{ count: all.filter((one) => repliedAfterMs(one, all) !== null).length }]);
  }

  /** The messages themselves, one by one. */
  async function expectExport(all: readonly NaiveMessage[]): Promise<void> {
    const request = { ...WHOLE, format: 'ndjson', includeConversations: true } as const;
    const text = (await exportOf(dataSource, PRICE_TABLE).open(request).toArray()).join('');
    const rows = text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const exported = rows.map(({ id, opensConversation, timeToFirstReplyMs, cost, currency }) => [
      ...[id, opensConversation, timeToFirstReplyMs, cost, currency],
    ]);
    const expected = all.map((one) => {
      const price = one.isInbound ? 0 : PEERS[one.to]![1];
      const cost = price === 0 ? [null, null] : [expect.closeTo(price * one.segments, 6), 'EUR'];
      return [one.id, opensConversation(one, all), repliedAfterMs(one, all), ...cost];
    });
    expect(exported.toSorted(byId)).toEqual(expected.toSorted(byId));
  }

  it(
    'match a naive computation from the events, in any order, batching and repetition',
    async () => {
      const property = fc.asyncProperty(historyBatches, async (batches) => {
        const all = await project(batches);
        await expectFigures(all);
        await expectGroups(all);
        await expectViews(all);
        await expectExport(all);
      });
      await fc.assert(property, { numRuns: 60 });
    },
    HANG_MS,
  );

  it(
    'have the correct days in every time zone, including DST changes',
    async () => {
      const property = fc.asyncProperty(
        historyBatches,
        fc.constantFrom(...ZONES),
        async (batches, timezone) => {
          await expectSeries(await project(batches), timezone);
        },
      );
      await fc.assert(property, { numRuns: 25 });
    },
    HANG_MS,
  );

  it(
    'can be rebuilt if some of the events arrived while reports were disabled',
    async () => {
      const property = fc.asyncProperty(historyBatches, async (batches) => {
        const all = await project(batches, [projectionOf(dataSource, false), projectionOf(dataSource)]);
        await rebuild(dataSource, PRICE_TABLE.perSegment);
        await expectFigures(all);
      });
      await fc.assert(property, { numRuns: 10 });
    },
    HANG_MS,
  );

  it(
    'can be rebuilt from arbitrarily damaged figures',
    async () => {
      const property = fc.asyncProperty(historyBatches, async (batches) => {
        const all = await project(batches);
        await dataSource.query(`UPDATE postack.report_count SET received = received + 7, replied = 0`);
        await dataSource.query(`DELETE FROM postack.report_duration WHERE random() < 0.5`);
        await dataSource.query(`DELETE FROM postack.report_window WHERE random() < 0.5`);
        await dataSource.query(
          String.raw`UPDATE postack.report_duration SET histogram = histogram || '\x00c800000005'`,
        );
        await dataSource.query(
          `INSERT INTO postack.report_duration SELECT duration, dimension, bucket, value || 'x', histogram
           FROM postack.report_duration`,
        );
        await rebuild(dataSource, PRICE_TABLE.perSegment);
        await expectFigures(all);
      });
      await fc.assert(property, { numRuns: 10 });
    },
    HANG_MS,
  );
});
