import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ReportRebuild, Reports, type ReportSummary } from '../../src/reports/index.js';
import { MessagesProjection } from '../../src/messages/messages.projection.js';
import { waitForEvent, waitForReports } from '../../src/testing/index.js';
import { messageBody, startTestApplication, type TestApplication } from '../support/test-application.js';
import { waitUntil } from '../support/wait-until.js';
import { eventOf, REPORT_TABLES } from './report-parts.js';

const HOUR_MS = 60 * 60_000;
const since = new Date(Date.now() - 48 * HOUR_MS);
const PEERS = ['+15550100001', '+491701234567', '+919812345678'];
const TYPES = ['message.received', 'message.queued', 'message.sent', 'message.delivered'];

describe('ReportRebuild', () => {
  let host: TestApplication;
  let posted = 0;

  beforeEach(async () => {
    host = await startTestApplication();
    posted = 0;
  });
  afterEach(() => host.close());

  /** Posts events of messages of the last day; resolves when they are dispatched. */
  async function post(count: number): Promise<void> {
    const ids = await Promise.all(
      Array.from({ length: count }, async () => {
        const index = posted++;
        const type = TYPES[index % TYPES.length]!;
        const [from, to] = ['+15550100002', PEERS[index % PEERS.length]!];
        const isInbound = type === 'message.received';
        const data = {
          id: isInbound ? `in${index}` : `out${Math.floor(index / TYPES.length)}`,
          ...(isInbound ? { from: to, to: from } : { from, to }),
          segments: 1 + (index % 3),
        };
        const at = new Date(Date.now() - (index % 24) * HOUR_MS - index * 1000);
        return (await host.post(messageBody(type, data, at))).id;
      }),
    );
    await Promise.all(ids.map((id) => waitForEvent(host.application, id)));
    await waitForReports(host.application);
  }
  const summary = (): Promise<Omit<ReportSummary, 'from' | 'to'>> =>
    host.application.get(Reports).summary({ from: since, to: new Date(Date.now() + HOUR_MS) });
  const figures = async () => {
    const { messages, timeToDelivered, timeToFirstReply, events, optOuts } = await summary();
    return { messages, timeToDelivered, timeToFirstReply, events, optOuts };
  };
  async function windowsLeft(): Promise<number> {
    const [row] = await host.dataSource.query<{ left: number }[]>(
      `SELECT count(*)::int AS left FROM postack.report_window WHERE stale = 'rebuild'`,
    );
    return row!.left;
  }
  const rebuild = async () => {
    const steps = [];
    for await (const progress of host.application.get(ReportRebuild).run(since)) steps.push(progress);
    return steps;
  };

  it('restores the reports from the messages and events', async () => {
    await post(80);
    await host.post('not an event');
    await waitForReports(host.application);
    const before = await figures();
    expect(before.messages).toMatchObject({ received: 20, outbound: 20 });
    expect(before.events).toMatchObject({ accepted: 80, quarantined: 1 });
    await host.dataSource.query('UPDATE postack.inbox_event SET body = NULL');
    await host.dataSource.query(`TRUNCATE ${REPORT_TABLES.join(', ')}`);
    expect((await figures()).messages).toMatchObject({ received: 0, outbound: 0 });
    const steps = await rebuild();
    expect(await figures()).toEqual(before);
    const { total } = steps[0]!;
    expect(total).toBeGreaterThan(10);
    expect(steps[0]).toEqual({ done: 0, total });
    expect(steps.at(-1)).toEqual({ done: total, total });
    expect(steps.map(({ done }) => done)).toEqual(steps.map(({ done }) => done).toSorted((a, b) => a - b));
  });

  it('replaces figures at once, and leaves the old ones until then', async () => {
    await post(40);
    const before = await figures();
    await host.dataSource.query(`UPDATE postack.report_count SET received = received + 5`);
    const wrong = (await figures()).messages.received;
    expect(wrong).toBeGreaterThan(before.messages.received);
    for await (const { done } of host.application.get(ReportRebuild).run(since)) {
      const { received } = (await figures()).messages;
      expect(received).toBeLessThanOrEqual(wrong);
      expect(received).toBeGreaterThanOrEqual(before.messages.received);
      if (done === 0) expect(received).toBe(wrong);
    }
    expect(await figures()).toEqual(before);
  });

  it('is correct with concurrent events, concurrent rebuilds and after an interrupted one', async () => {
    await post(60);
    await host.dataSource.query(`UPDATE postack.report_count SET received = received + 5`);
    for await (const _step of host.application.get(ReportRebuild).run(since)) break;
    await Promise.all([rebuild(), post(120), rebuild()]);
    const during = await figures();
    expect(during.messages).toMatchObject({ received: 45, outbound: 45 });
    expect(during.events).toMatchObject({ accepted: 180 });
    await rebuild();
    expect(await figures()).toEqual(during);
  });

  it('is completed by the job if nobody waits for it', async () => {
    await post(40);
    const before = await figures();
    await host.dataSource.query(`UPDATE postack.report_count SET received = received + 5`);
    for await (const _step of host.application.get(ReportRebuild).run(since)) break;
    await waitUntil(async () => ((await windowsLeft()) === 0 ? true : undefined), {
      what: () => 'the job to compute the figures',
    });
    expect(await figures()).toEqual(before);
  });

  it('neither waits for a running batch nor blocks it, and counts it afterwards', async () => {
    await post(40);
    const before = await figures();
    await host.dataSource.query(`UPDATE postack.report_count SET received = received + 5, replied = 7`);
    await host.dataSource.query(`UPDATE postack.report_event SET accepted = accepted + 3`);
    const runner = host.dataSource.createQueryRunner();
    await runner.startTransaction();
    const messages = host.application.get(MessagesProjection, { strict: false });
    const late = { id: 'late', type: 'message.received', at: Date.now(), messageId: 'late' } as const;
    const data = { from: PEERS[0]!, to: '+15550100002', segments: 1, errorCode: null };
    await messages.project([eventOf({ ...late, ...data })], runner.manager);
    await rebuild();
    expect(await figures()).toEqual(before);
    await runner.commitTransaction();
    await runner.release();
    await waitForReports(host.application);
    const received = before.messages.received + 1;
    expect(await figures()).toMatchObject({ messages: { received }, events: before.events });
  });

  it('keeps the counts of messages and events that were deleted since', async () => {
    await post(80);
    await host.dataSource.query(
      `UPDATE postack.inbox_event SET received_at = received_at - id % 20 * interval '1 hour'`,
    );
    await rebuild();
    const before = await figures();
    expect(before.events.accepted).toBe(80);
    await host.dataSource.query(
      `DELETE FROM postack.message WHERE first_event_at < now() - interval '9 hours'`,
    );
    await host.dataSource.query(
      `DELETE FROM postack.inbox_event WHERE received_at < now() - interval '9 hours'`,
    );
    await rebuild();
    expect(await figures()).toEqual(before);
    await host.dataSource.query(`DELETE FROM postack.message`);
    await rebuild();
    expect(await figures()).toEqual(before);
  });

  it('removes deleted messages from the counts and from conversations', async () => {
    await post(80);
    const { messages } = await figures();
    expect(messages.conversations).toBe(3);
    // The first message of each conversation, except the oldest message of all.
    const [deleted] = await host.dataSource.query(
      `DELETE FROM postack.message WHERE first_event_at > (SELECT min(first_event_at) FROM postack.message) AND id IN (
         SELECT DISTINCT ON (conversation) id FROM postack.message ORDER BY conversation, first_event_at
       ) RETURNING id`,
    );
    expect(deleted).toHaveLength(2);
    await rebuild();
    const corrected = await figures();
    expect(corrected.messages).toMatchObject({ received: 18, outbound: 20, conversations: 3 });
    await host.dataSource.query(`TRUNCATE ${REPORT_TABLES.join(', ')}`);
    await rebuild();
    const { events: _events, ...fresh } = await figures();
    expect(corrected).toMatchObject(fresh);
  });

  it('creates the reports of a time in which reports were disabled', async () => {
    const silent = await startTestApplication({ options: { reports: false } });
    const { id } = await silent.post(messageBody('message.received'));
    await waitForEvent(silent.application, id);
    const reports = silent.application.get(Reports);
    await waitForReports(silent.application);
    expect((await reports.summary()).messages.received).toBe(0);
    for await (const _step of silent.application.get(ReportRebuild).run(since));
    expect((await reports.summary()).messages.received).toBe(1);
    await silent.close();
  });
});
