import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PostackDatabase } from '../../src/database/postack-database.js';
import { Logger } from '@nestjs/common';
import { ReportRebuild, Reports, type ReportSummary } from '../../src/reports/index.js';
import { MessagesProjection } from '../../src/messages/messages.projection.js';
import { RebuildHours } from '../../src/reports/rebuild/rebuild-hours.js';
import { waitForEvent } from '../../src/testing/index.js';
import { RecordingLogger } from '../support/recording-logger.js';
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

  it('restores the reports from the events alone', async () => {
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

  it('restores the reports from the messages if the payloads are deleted', async () => {
    await post(40);
    const before = await figures();
    await host.dataSource.query('UPDATE postack.inbox_event SET body = NULL');
    await host.dataSource.query(`TRUNCATE ${REPORT_TABLES.join(', ')}`);
    await rebuild();
    expect(await figures()).toEqual(before);
  });

  it('is correct with concurrent events, concurrent rebuilds and after an interrupted one', async () => {
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

  it('waits for a running batch, and sees its changes', async () => {
    await post(8);
    const before = await figures();
    const runner = host.dataSource.createQueryRunner();
    await runner.startTransaction();
    const messages = host.application.get(MessagesProjection, { strict: false });
    const late = { id: 'late', type: 'message.received', at: Date.now(), messageId: 'late' } as const;
    const data = { from: PEERS[0]!, to: '+15550100002', segments: 1, errorCode: null };
    await messages.project([eventOf({ ...late, ...data })], runner.manager);
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

  it('counts without waiting for a running batch, and does not block it', async () => {
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
    const hours = new RebuildHours(new PostackDatabase(host.dataSource));
    for (const step of ['counts', 'events'] as const) {
      let hour = await hours.next(step, since.getTime());
      for (; hour !== null; hour = await hours.next(step, hour + HOUR_MS))
        for await (const _page of hours.rebuild(step, hour));
    }
    expect(await figures()).toEqual(before);
    await runner.commitTransaction();
    await runner.release();
    const received = before.messages.received + 1;
    expect(await figures()).toMatchObject({ messages: { received }, events: before.events });
  });

  it('skips and logs an event that cannot be projected', async () => {
    await post(40);
    const { messages } = await figures();
    await host.dataSource.query(`TRUNCATE postack.message, postack.conversation_entry`);
    await host.dataSource.query(
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE 'no place for % from %', NEW.id, NEW.from_number; END $$`,
    );
    await host.dataSource.query(
      `CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON postack.message FOR EACH ROW
       WHEN (NEW.id = 'in4') EXECUTE FUNCTION refuse()`,
    );
    const logger = new RecordingLogger();
    host.application.useLogger(logger);
    const steps = await rebuild();
    Logger.overrideLogger(false);
    const [folded] = steps.filter(({ step }) => step === 'messages');
    expect(folded).toMatchObject({ done: 40, skipped: 1 });
    expect((await figures()).messages).toMatchObject({ received: 9, outbound: messages.outbound });
    const skipped = logger.lines.filter((line) => line.includes('skipped'));
    expect(skipped).toEqual([
      expect.stringMatching(/^Report rebuild skipped event msg_\S+: .*no place for in4 from \(number\)$/),
    ]);
  });

  it('keeps the counts of messages and events that were deleted since', async () => {
    await post(80);
    await host.dataSource.query(
      `UPDATE postack.inbox_event SET body = NULL, received_at = received_at - id % 20 * interval '1 hour'`,
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
    await host.dataSource.query('UPDATE postack.inbox_event SET body = NULL');
    // The first message of each conversation, except the oldest message of all.
    const [deleted] = await host.dataSource.query(
      `DELETE FROM postack.message WHERE first_event_at > (SELECT min(first_event_at) FROM postack.message) AND id IN (
         SELECT DISTINCT ON (conversation) message_id FROM postack.conversation_entry ORDER BY conversation, at
       ) RETURNING id`,
    );
    expect(deleted).toHaveLength(2);
    // As if changed while reports were disabled.
    await host.dataSource.query(`UPDATE postack.message SET to_number = '+15550100009' WHERE id = 'out5'`);
    await rebuild();
    const corrected = await figures();
    expect(corrected.messages).toMatchObject({ received: 18, outbound: 20, conversations: 4 });
    await host.dataSource.query(`TRUNCATE postack.conversation_entry, ${REPORT_TABLES.join(', ')}`);
    await rebuild();
    const { events: _events, ...fresh } = await figures();
    expect(corrected).toMatchObject(fresh);
  });

  it('creates the reports of a time in which reports were disabled', async () => {
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
