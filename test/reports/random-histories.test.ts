import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PostackDatabase } from '../../src/database/postack-database.js';
import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { Reports, type Grouping, type Metric, type Percentiles } from '../../src/reports/index.js';
import { FailuresOptions } from '../../src/failures/failures.options.js';
import { countUncounted } from '../../src/reports/rebuild/uncounted-messages.js';
import { RebuildHours } from '../../src/reports/rebuild/rebuild-hours.js';
import { HOUR_MS } from '../../src/reports/rollups/report-time.js';
import { createTestDatabase, openDataSource, type TestDatabase } from '../support/test-database.js';
import { historyBatches, type HistoryEvent } from './history.js';
import {
  exactPercentile,
  localDay,
  naiveMessages,
  opensConversation,
  repliedAfterMs,
  type NaiveMessage,
} from './naive.js';
import { projectionOf, REPORT_TABLES, storeOf } from './report-parts.js';

const ZONES = ['UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'America/St_Johns'];
/** Error code in the histories → cause class. */
const CAUSES: Record<string, string> = {
  invalid_text: 'content',
  invalid_recipient: 'recipient',
  '30003': 'carrier',
};
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
    reports = new Reports(new PostackDatabase(dataSource), new FailuresOptions());
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  /** Projects a history into empty tables, two batches at a time, like two processes. */
  async function project(
    batches: readonly HistoryEvent[][],
    processes = [projectionOf(dataSource), projectionOf(dataSource)],
  ): Promise<NaiveMessage[]> {
    await dataSource.query(
      `TRUNCATE postack.message, postack.conversation_entry, ${REPORT_TABLES.join(', ')}`,
    );
    for (let index = 0; index < batches.length; index += 2) {
      await Promise.all(batches.slice(index, index + 2).map((batch, which) => processes[which]!(batch)));
    }
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

  function expectPercentiles({ count, p50Ms, p95Ms, p99Ms }: Percentiles, exact: readonly number[]): void {
    expect(count).toBe(exact.length);
    for (const [share, reported] of [
      [0.5, p50Ms],
      [0.95, p95Ms],
      [0.99, p99Ms],
    ] as const) {
      const value = exactPercentile(exact, share);
      if (value === null) expect(reported).toBeNull();
      // Rounded to whole milliseconds.
      else expect(Math.abs(reported! - value)).toBeLessThanOrEqual(0.048 * value + 1);
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
    const { items } = await reports.errors(WHOLE);
    expect(items.reduce((total, item) => total + item.failed + item.undelivered, 0)).toBe(failures.length);
    const { items: numbers } = await reports.numbers({ ...WHOLE, includeNumbers: true });
    const byNumber = Map.groupBy(all, ({ isInbound, from, to }) => (isInbound ? to : from));
    expect(new Map(numbers.map((item) => [item.number, item.received + item.outbound]))).toEqual(
      new Map([...byNumber].map(([number, list]) => [number, list.length])),
    );
  }

  it(
    'match a naive computation from the events, in any order, batching and repetition',
    async () => {
      const property = fc.asyncProperty(historyBatches, async (batches) => {
        const all = await project(batches);
        await expectFigures(all);
        await expectGroups(all);
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

  async function rebuild(): Promise<void> {
    const hours = new RebuildHours(new PostackDatabase(dataSource));
    for await (const _page of countUncounted(new Date(0), new PostackDatabase(dataSource), storeOf()));
    for (const figures of ['conversations', 'counts'] as const) {
      let hour = await hours.next(figures, 0);
      for (; hour !== null; hour = await hours.next(figures, hour + HOUR_MS))
        for await (const _page of hours.rebuild(figures, hour));
    }
  }

  it(
    'can be rebuilt if some of the events arrived while reports were disabled',
    async () => {
      const property = fc.asyncProperty(historyBatches, async (batches) => {
        const all = await project(batches, [projectionOf(dataSource, false), projectionOf(dataSource)]);
        await rebuild();
        await expectFigures(all);
      });
      await fc.assert(property, { numRuns: 10 });
    },
    HANG_MS,
  );

  it(
    'can be rebuilt from arbitrarily damaged rollups',
    async () => {
      const property = fc.asyncProperty(historyBatches, async (batches) => {
        const all = await project(batches);
        await dataSource.query(`UPDATE postack.report_count SET received = received + 7, replied = 0`);
        await dataSource.query(`DELETE FROM postack.report_duration WHERE random() < 0.5`);
        await dataSource.query(`DELETE FROM postack.conversation_entry WHERE random() < 0.5`);
        await dataSource.query(
          `INSERT INTO postack.conversation_entry (conversation, at, message_id, is_inbound)
         SELECT conversation, at + interval '1 minute', 'gone' || message_id, NOT is_inbound FROM postack.conversation_entry`,
        );
        await rebuild();
        await expectFigures(all);
      });
      await fc.assert(property, { numRuns: 10 });
    },
    HANG_MS,
  );
});
