import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PostackDatabase } from '../../src/database/postack-database.js';
import type { DataSource } from 'typeorm';
import { FailuresOptions } from '../../src/failures/failures.options.js';
import { PgBossService } from '../../src/jobs/pg-boss.service.js';
import { Reports } from '../../src/reports/index.js';
import { RebuildHours } from '../../src/reports/rebuild/rebuild-hours.js';
import { HOUR_MS, hourOf } from '../../src/reports/rollups/report-time.js';
import { SlotMerge } from '../../src/reports/rollups/slot-merge.js';
import { startTestApplication } from '../support/test-application.js';
import { createTestDatabase, openDataSource, type TestDatabase } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';
import type { HistoryEvent } from './history.js';
import { projectionOf } from './report-parts.js';

const NOW = hourOf(new Date());
const MESSAGES = 240;

/** An event of one of many messages of the last 24 hours, each answered within its hour. */
function eventAt(
  index: number,
  type: 'message.received' | 'message.sent' | 'message.delivered',
): HistoryEvent {
  const [own, peer] = ['+15550100002', `+1415555${String(1000 + index)}`];
  const isInbound = type === 'message.received';
  const afterMs = { 'message.received': 0, 'message.sent': 60_000, 'message.delivered': 90_000 }[type];
  return {
    id: `msg_${index}_${type}`,
    type,
    at: NOW - (index % 24) * HOUR_MS + index * 1000 + afterMs,
    messageId: `${isInbound ? 'in' : 'out'}${index}`,
    ...(isInbound ? { from: peer, to: own } : { from: own, to: peer }),
    segments: 1,
    errorCode: null,
  };
}

const all = (type: 'message.received' | 'message.sent' | 'message.delivered', part = 0, parts = 1) =>
  Array.from({ length: MESSAGES }, (_, index) => index)
    .filter((index) => index % parts === part)
    .map((index) => eventAt(index, type));

describe('SlotMerge', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let merge: SlotMerge;

  beforeEach(async () => {
    database = await createTestDatabase();
    dataSource = await openDataSource(database.url);
    merge = new SlotMerge(new PostackDatabase(dataSource));
  });
  afterEach(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  const figures = async () => {
    const period = { from: new Date(NOW - 48 * HOUR_MS), to: new Date(NOW + HOUR_MS) };
    const reports = new Reports(new PostackDatabase(dataSource), new FailuresOptions());
    const { messages, timeToDelivered, timeToFirstReply, events } = await reports.summary(period);
    return { messages, timeToDelivered, timeToFirstReply, events };
  };
  const rowsOf = async (condition: string): Promise<number> => {
    const [row]: { rows: number }[] = await dataSource.query(
      `SELECT count(*)::int AS rows FROM (
         SELECT bucket AS at, slot FROM postack.report_count UNION ALL
         SELECT hour, slot FROM postack.report_duration UNION ALL SELECT bucket, slot FROM postack.report_event
       ) AS rollups WHERE ${condition.replaceAll('PAST', 'at < to_timestamp($1)')}`,
      [NOW / 1000 - 3600],
    );
    return row!.rows;
  };

  it('merges the slots of past hours, but not those of the last hours', async () => {
    const project = projectionOf(dataSource);
    for (const part of [0, 1]) await project(all('message.received', part, 2));
    for (const part of [0, 1]) await project(all('message.sent', part, 2));
    await dataSource.query(
      `INSERT INTO postack.report_event (bucket, slot, accepted, duplicates, quarantined)
       SELECT to_timestamp($1), slot, 5, 1, (slot = -1)::int FROM generate_series(-1, 4) AS slot`,
      [NOW / 1000 - 7200],
    );
    const before = await figures();
    expect(before.messages).toMatchObject({ received: MESSAGES, outbound: MESSAGES, replied: MESSAGES });
    expect(before.events).toMatchObject({ accepted: 30, duplicates: 6, quarantined: 1 });
    const recent = await rowsOf('NOT (PAST)');
    await merge.run();
    expect(await figures()).toEqual(before);
    expect(await rowsOf('PAST AND slot >= 0')).toBe(0);
    expect(await rowsOf('NOT (PAST) AND slot >= 0')).toBe(recent);
    // Later changes are added to the merged rows.
    await project(all('message.delivered'));
    const later = await figures();
    expect(later).toMatchObject({ messages: { states: { sent: 0, delivered: MESSAGES } } });
    await merge.run();
    expect(await figures()).toEqual(later);
    expect(await rowsOf('PAST AND slot >= 0')).toBe(0);
  });

  it('is correct with concurrent changes and a concurrent rebuild', async () => {
    const projects = [projectionOf(dataSource), projectionOf(dataSource)];
    const hours = new RebuildHours(new PostackDatabase(dataSource));
    let isOver = false;
    const dispatch = async () => {
      for (const type of ['message.received', 'message.sent', 'message.delivered'] as const)
        for (let part = 0; part < 20; part += 2)
          await Promise.all(projects.map((project, which) => project(all(type, part + which, 20))));
      isOver = true;
    };
    const mergeAgain = async () => {
      while (!isOver) await merge.run();
    };
    const rebuild = async () => {
      while (!isOver)
        for (const step of ['conversations', 'counts'] as const) {
          let hour = await hours.next(step, 0);
          for (; hour !== null; hour = await hours.next(step, hour + HOUR_MS))
            for await (const _page of hours.rebuild(step, hour));
        }
    };
    await Promise.all([dispatch(), mergeAgain(), rebuild()]);
    await merge.run();
    expect(await rowsOf('PAST AND slot >= 0')).toBe(0);
    const { messages, timeToDelivered, timeToFirstReply } = await figures();
    expect(messages).toMatchObject({
      received: MESSAGES,
      outbound: MESSAGES,
      states: { queued: 0, sent: 0, delivered: MESSAGES },
      conversations: MESSAGES,
      replied: MESSAGES,
    });
    expect([timeToDelivered.count, timeToFirstReply.count]).toEqual([MESSAGES, MESSAGES]);
  });

  it('does not wait for transactions that change the rollups', async () => {
    const project = projectionOf(dataSource);
    await project(all('message.received'));
    const runner = dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.query('UPDATE postack.report_count SET received = received + 1');
    await merge.run();
    expect((await figures()).messages.received).toBe(MESSAGES);
    await runner.rollbackTransaction();
    await runner.release();
  });

  it('is scheduled, unless reports are disabled', async () => {
    const host = await startTestApplication({ database });
    await projectionOf(dataSource)(all('message.received'));
    const { boss } = host.application.get(PgBossService, { strict: false });
    await boss.send('reports.merge');
    await waitUntil(async () => ((await rowsOf('PAST AND slot >= 0')) === 0 ? true : undefined), {
      what: () => 'the slots to be merged',
    });
    const scheduled = async () => (await boss.getSchedules('reports.merge')).length;
    expect(await scheduled()).toBe(1);
    const silent = await startTestApplication({ database, options: { reports: false } });
    expect(await scheduled()).toBe(0);
    await silent.close();
    await host.close();
  });
});
