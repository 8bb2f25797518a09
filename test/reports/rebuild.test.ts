import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ReportRebuild, Reports, type ReportSummary } from '../../src/index.js';
import { MessagesProjection } from '../../src/messages/messages.projection.js';
import { waitForEvent } from '../../src/testing/index.js';
import { messageBody, startTestApplication, type TestApplication } from '../support/test-application.js';
import { waitUntil } from '../support/wait-until.js';
import { eventOf, REPORT_TABLES } from './report-parts.js';

const HOUR_MS = 60 * 60_000;
const since = new Date(Date.now() - 48 * HOUR_MS);
const PEERS = ['+15550100001', '+491701234567', '+919812345678'];
const TYPES = ['message.received', 'message.queued', 'message.sent', 'message.delivered'];

describe('reports that are made anew', () => {
  let host: TestApplication;
  let posted = 0;

  beforeEach(async () => {
    host = await startTestApplication();
    posted = 0;
  });
  afterEach(() => host.close());

  /** Events of messages all over the last day; resolves when they are dispatched. */
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
  }
  const summary = (): Promise<Omit<ReportSummary, 'from' | 'to'>> =>
    host.application.get(Reports).summary({ from: since, to: new Date(Date.now() + HOUR_MS) });
  const figures = async () => {
    const { messages, timeToDelivered, timeToFirstReply, events, optOuts } = await summary();
    return { messages, timeToDelivered, timeToFirstReply, events, optOuts };
  };
  const rebuild = async () => {
    const steps = [];
    for await (const progress of host.application.get(ReportRebuild).run(since)) steps.push(progress);
    return steps;
  };

  it('are what they were, from the events alone', async () => {
    await post(80);
    await host.post('not an event');
    await host.dataSource.query(`UPDATE postack.report_event SET accepted = 3`);
    await rebuild();
    const before = await figures();
    expect(before.messages).toMatchObject({ received: 20, outbound: 20 });
    expect(before.events).toMatchObject({ accepted: 80, quarantined: 1 });
    await host.dataSource.query(
      `TRUNCATE postack.message, postack.conversation_entry, ${REPORT_TABLES.join(', ')}`,
    );
    const steps = await rebuild();
    expect(await figures()).toEqual(before);
    expect([...new Set(steps.map(({ step }) => step))]).toEqual([
      'messages',
      'conversations',
      'counts',
      'events',
    ]);
    expect(steps.filter(({ step }) => step === 'counts').at(-1)).toMatchObject({ done: 40 });
  });

  it('can be made of the messages where the bodies are gone', async () => {
    await post(40);
    const before = await figures();
    await host.dataSource.query('UPDATE postack.inbox_event SET body = NULL');
    await host.dataSource.query(`TRUNCATE ${REPORT_TABLES.join(', ')}`);
    await rebuild();
    expect(await figures()).toEqual(before);
  });

  it('are right at the end when events come in meanwhile, and a first attempt was broken off', async () => {
    await post(60);
    await host.dataSource.query(`UPDATE postack.report_count SET received = received + 5`);
    for await (const { step } of host.application.get(ReportRebuild).run(since)) if (step === 'counts') break;
    await Promise.all([rebuild(), post(120), rebuild()]);
    const during = await figures();
    expect(during.messages).toMatchObject({ received: 45, outbound: 45 });
    expect(during.events).toMatchObject({ accepted: 180 });
    await rebuild();
    expect(await figures()).toEqual(during);
  });

  it('wait for a batch under way, and see what it has written', async () => {
    await post(8);
    const before = await figures();
    const runner = host.dataSource.createQueryRunner();
    await runner.startTransaction();
    const messages = host.application.get(MessagesProjection, { strict: false });
    const late = { id: 'late', type: 'message.received', at: Date.now(), messageId: 'late' } as const;
    const told = { from: PEERS[0]!, to: '+15550100002', segments: 1, errorCode: null };
    await messages.project([eventOf({ ...late, ...told })], runner.manager);
    let isDone = false;
    const rebuilt = rebuild().then(() => (isDone = true));
    await waitUntil(
      async () => {
        const waiting: unknown[] = await host.dataSource.query(
          `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`,
        );
        return waiting[0];
      },
      { what: () => 'the rebuild to wait' },
    );
    expect(isDone).toBe(false);
    await runner.commitTransaction();
    await runner.release();
    await rebuilt;
    expect((await figures()).messages.received).toBe(before.messages.received + 1);
  });

  it('are not kept when they are switched off, and can be made later', async () => {
    const silent = await startTestApplication({ options: { reports: false } });
    const { id } = await silent.post(messageBody('message.received'));
    await waitForEvent(silent.application, id);
    const reports = silent.application.get(Reports);
    expect((await reports.summary()).messages.received).toBe(0);
    for await (const _step of silent.application.get(ReportRebuild).run(since));
    expect((await reports.summary()).messages.received).toBe(1);
    await silent.close();
  });
});
