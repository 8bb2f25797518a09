import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { PgBossService } from '../../src/jobs/pg-boss.service.js';
import { FailureQueries } from '../../src/failures/failure-queries.js';
import { FailureSummary } from '../../src/failures/failure-summary.js';
import { DeliveryReconciliation } from '../../src/failures/reconciliation/delivery-reconciliation.js';
import { MessageQueries } from '../../src/messages/message-queries.js';
import { ReportRebuild } from '../../src/reports/report-rebuild.js';
import { Reports } from '../../src/reports/reports.js';
import { PostackRefusedError } from '../../src/postack-api/postack-api-errors.js';
import { PostackClient } from '../../src/postack-api/postack-client.js';
import { MAGIC_NUMBERS } from '../../src/simulator/index.js';
import { waitForEvent, waitForReports } from '../../src/testing/index.js';
import {
  newNumber,
  OURS,
  startReplyApplication,
  type ReplyApplication,
} from '../support/reply-application.js';
import { waitUntil } from '../support/wait-until.js';

const HOUR_MS = 3_600_000;

/** The time that the reconciliation is given. */
const in73Hours = () => new Date(Date.now() + 73 * HOUR_MS);

describe('DeliveryReconciliation', () => {
  let app: ReplyApplication;
  let reconciliation: DeliveryReconciliation;
  let messages: MessageQueries;
  const run = async (now = in73Hours()) => {
    // Progress never moves backwards, while the time of these runs does.
    await app.database.query(`UPDATE postack.delivery_reconciliation SET accepted_until = '2026-01-01'`);
    return reconciliation.run(undefined, now);
  };
  const none = { asked: 0, reconciled: 0, expired: 0 };

  beforeAll(async () => {
    app = await startReplyApplication({
      postack: { timeScale: 100 },
      options: { replies: { rules: false } },
    });
    reconciliation = app.application.get(DeliveryReconciliation);
    messages = app.application.get(MessageQueries);
  });
  afterAll(() => app.close());

  /** Sends a message that gets no event. @returns Postack's id. */
  async function sendWithoutEvents(to: string): Promise<string> {
    await app.outbox.enqueue({
      ...{ from: OURS, to, text: `Hello ${randomUUID()}`, category: 'notification' as const },
      idempotencyKey: randomUUID(),
    });
    const { messageId } = await app.message({ to }, ({ status }) => status === 'accepted');
    await app.postack.settled();
    return messageId!;
  }
  const report = async (type: string, data: Record<string, unknown>, at = new Date()) => {
    const { id } = await app.post({ type, timestamp: at.toISOString(), data });
    await waitForEvent(app.application, id, ({ status }) => status === 'done');
  };
  /** Postack delivers messages, but its webhooks do not arrive. */
  async function withoutWebhooks<Result>(work: () => Promise<Result>): Promise<Result> {
    app.postack.cutOff('ep_1');
    try {
      return await work();
    } finally {
      app.postack.reconnect('ep_1');
    }
  }

  it('ignores messages that are not due yet', async () => {
    await sendWithoutEvents(MAGIC_NUMBERS.silent.number);
    expect(await run(new Date(Date.now() + 71 * HOUR_MS))).toEqual(none);
    expect(app.postack.requests.filter(({ method }) => method === 'GET')).toEqual([]);
  });

  it('expires a message without a final state at Postack, even if it never had an event', async () => {
    const id = (await app.log.list({ to: MAGIC_NUMBERS.silent.number })).items[0]!.messageId!;
    expect(await messages.find(id)).toBeNull();
    expect(await run()).toEqual({ asked: 1, reconciled: 0, expired: 1 });
    const message = await messages.find(id);
    expect(message).toMatchObject({ state: 'expired', to: MAGIC_NUMBERS.silent.number, conflict: false });
    expect(message?.history.map(({ state, eventId }) => [state, eventId])).toEqual([
      ['accepted', 'outbox'],
      ['queued', 'lookup'],
      ['expired', 'assumed'],
    ]);
    expect(await run()).toEqual(none);
    expect(await app.application.get(FailureQueries).find(id)).toBeNull();
  });

  it('lets a late receipt override an expiry', async () => {
    const id = (await app.log.list({ to: MAGIC_NUMBERS.silent.number })).items[0]!.messageId!;
    await report('message.delivered', { id });
    expect(await messages.find(id)).toMatchObject({ state: 'delivered', conflict: false });
  });

  it('reconciles a message in a final state, and counts it', async () => {
    const { id, before } = await withoutWebhooks(async () => {
      await app.outbox.enqueue({
        ...{ from: OURS, to: newNumber(), text: 'Hello', category: 'notification' as const },
        idempotencyKey: 'lost receipts',
      });
      const sent = await waitUntil(
        () => app.postack.messages.find(({ text, status }) => text === 'Hello' && status === 'delivered'),
        { what: () => 'a delivery without a receipt' },
      );
      await app.message({}, ({ messageId }) => messageId === sent.id);
      const counts = await app.application.get(FailureSummary).count();
      expect(await run()).toEqual({ asked: 1, reconciled: 1, expired: 0 });
      return { id: sent.id, before: counts.reconciliation };
    });
    expect(await messages.find(id)).toMatchObject({ state: 'delivered' });
    const { reconciliation: after } = await app.application.get(FailureSummary).count();
    expect(after).toEqual({ ...before, asked: before.asked + 1, reconciled: before.reconciled + 1 });
  });

  it('finds failures, which are recorded and reacted to, but never resent', async () => {
    const to = MAGIC_NUMBERS.unreachable.number;
    const id = await withoutWebhooks(async () => {
      await app.outbox.enqueue({
        ...{ from: OURS, to, text: 'Hello', category: 'notification' as const },
        idempotencyKey: 'lost failure',
      });
      const sent = await waitUntil(
        () => app.postack.messages.find((one) => one.recipient === to && one.status === 'undelivered'),
        { what: () => 'a failure without a receipt' },
      );
      await app.message({}, ({ messageId }) => messageId === sent.id);
      expect(await run()).toEqual({ asked: 1, reconciled: 1, expired: 0 });
      return sent.id;
    });
    const failures = app.application.get(FailureQueries);
    const failure = await waitUntil(
      async () => ((await failures.find(id))?.reactedAt ? failures.find(id) : undefined),
      { what: () => 'a reaction' },
    );
    expect(failure).toMatchObject({
      ...{ source: 'lookup', state: 'undelivered', code: '30003', eventId: null },
      ...{ reactions: [], resendRefusal: 'not-by-event' },
    });
  });

  it('expires a message that Postack does not know', async () => {
    await report('message.sent', { id: 'SM_unknown', from: OURS, to: newNumber() });
    expect(await run()).toEqual({ asked: 0, reconciled: 0, expired: 1 });
    expect(await messages.find('SM_unknown')).toMatchObject({ state: 'expired' });
  });

  it('retries failed lookups in later runs, for a day', async () => {
    await report('message.sent', { id: 'SM_away', from: OURS, to: newNumber() });
    await app.postack.api.down('refused');
    try {
      expect(await run()).toEqual(none);
      expect(await messages.find('SM_away')).toMatchObject({ state: 'sent' });
      expect(await run(new Date(Date.now() + 98 * HOUR_MS))).toEqual({ ...none, expired: 1 });
    } finally {
      await app.postack.api.up();
    }
  });

  it('expires all overdue messages, however many, once Postack has not responded for a day', async () => {
    const old = new Date(Date.now() - 8 * 24 * HOUR_MS);
    await app.database.query(
      `INSERT INTO postack.message (id, direction, state, state_at, conflict, history, first_event_at, last_event_at)
       SELECT 'SM_old_' || n, 'outbound', 'sent', $1, false,
         jsonb_build_array(jsonb_build_object('state', 'sent', 'at', $2::text, 'eventId', 'msg', 'errorCode', NULL)),
         $1, $1
       FROM generate_series(1, 130) AS n`,
      [old, old.toISOString()],
    );
    // Earlier tests recorded a later time.
    await app.database.query('UPDATE postack.delivery_reconciliation SET unanswered_since = NULL');
    await app.postack.api.down('refused');
    try {
      expect(await run(new Date(Date.now() - 25 * HOUR_MS))).toEqual(none);
      expect(await run(new Date(Date.now() - 2 * HOUR_MS))).toEqual(none);
      expect(await run(new Date())).toEqual({ ...none, expired: 130 });
    } finally {
      await app.postack.api.up();
    }
  });

  it('expires an overdue message whose lookup always fails while Postack responds to others', async () => {
    const old = new Date(Date.now() - 8 * 24 * HOUR_MS);
    const number = { from: OURS, to: newNumber() };
    await report('message.sent', { id: 'SM_odd', ...number }, old);
    await report('message.sent', { id: 'SM_even', ...number }, new Date(old.getTime() + 1000));
    const fetch = jest.spyOn(app.application.get(PostackClient), 'fetch');
    fetch.mockImplementation((id) =>
      Promise.reject(id === 'SM_odd' ? new Error('Lookup failed') : new PostackRefusedError({ status: 404 })),
    );
    expect(await run(new Date())).toEqual({ ...none, expired: 2 });
    fetch.mockRestore();
  });

  it('continues after a message that cannot be stored', async () => {
    const ids = ['SM_stuck', 'SM_next'];
    for (const id of ids) await report('message.sent', { id, from: OURS, to: newNumber() });
    await app.database.query(
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not this one'; END $$;
       CREATE TRIGGER refuse BEFORE UPDATE ON postack.message FOR EACH ROW WHEN (old.id = 'SM_stuck')
       EXECUTE FUNCTION refuse()`,
    );
    expect(await run()).toEqual({ ...none, expired: 1 });
    expect(await messages.find('SM_next')).toMatchObject({ state: 'expired' });
    await app.database.query('DROP TRIGGER refuse ON postack.message');
    expect(await run()).toEqual({ ...none, expired: 1 });
  });

  it('is reflected in the reports', async () => {
    const period = { from: new Date(Date.now() - 7 * 24 * HOUR_MS) };
    // The webhooks that did not arrive have been redelivered by now.
    await app.postack.settled();
    const isDone = async () => {
      const [row] = await app.database.query<{ waiting: string }>(
        'SELECT count(*) AS waiting FROM postack.inbox_event WHERE dispatched_at IS NULL',
      );
      return row?.waiting === '0' || undefined;
    };
    await waitUntil(isDone, { what: () => 'all events to be dispatched' });
    await waitForReports(app.application);
    const kept = await app.application.get(Reports).summary(period);
    expect(kept.messages.states.expired).toBeGreaterThanOrEqual(2);
    for await (const _step of app.application.get(ReportRebuild).run(period.from));
    const counted = await app.application.get(Reports).summary({ ...period, to: kept.to });
    expect(kept.messages).toEqual(counted.messages);
    expect(kept.timeToDelivered).toEqual(counted.timeToDelivered);
  });

  it('is scheduled every 10 minutes', async () => {
    const { boss } = app.application.get(PgBossService, { strict: false });
    expect(await boss.getSchedules('failures.reconciliation')).toMatchObject([{ cron: '*/10 * * * *' }]);
  });
});
