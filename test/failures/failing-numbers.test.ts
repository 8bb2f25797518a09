import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FailureQueries } from '../../src/failures/failure-queries.js';
import type { SuppressionEntity } from '../../src/suppressions/suppression.entity.js';
import { Suppressions } from '../../src/suppressions/suppressions.js';
import type { OutboxMessage } from '../../src/outbox/outbox-queries.js';
import { MAGIC_NUMBERS } from '../../src/simulator/index.js';
import { waitForEvent } from '../../src/testing/index.js';
import { newNumber, OURS } from '../support/reply-application.js';
import { waitUntil } from '../support/wait-until.js';
import { startFailingApplication, type FailingApplication } from './failing-application.js';

const DAY_MS = 86_400_000;

describe('FailureReactions', () => {
  let app: FailingApplication;
  let failures: FailureQueries;
  let send: FailingApplication['send'];
  let failureOf: FailingApplication['failureOf'];
  let report: FailingApplication['report'];

  beforeAll(async () => {
    app = await startFailingApplication();
    ({ failures, send, failureOf, report } = app);
  });
  afterAll(() => app.close());

  it('suppress a number with evidence and an expiry; later messages are held until the suppression is removed', async () => {
    const to = MAGIC_NUMBERS.landline.number;
    const suppressions = app.application.get(Suppressions);
    const { id } = await send(to);
    const { messageId } = await app.message(
      { to },
      (message) => message.id === id && message.state === 'undelivered',
    );
    const failure = await failureOf(messageId!);
    expect(failure).toMatchObject({ code: '30006', reactions: ['suppress'], isRetryable: false });
    expect(await suppressions.find(to)).toMatchObject({
      ...{ source: 'failure', code: '30006', messageId, eventId: failure.eventId, since: failure.failedAt },
      expiresAt: new Date(failure.failedAt.getTime() + 30 * DAY_MS),
    });
    const later = await send(to);
    const held = await app.message({ to }, (message) => message.id === later.id && message.status === 'held');
    expect(held.heldReason).toBe('suppressed');
    expect(held.heldDetail).toMatch(/suppressed until .*failed with the code 30006.*remove the suppression/);
    await expect(app.held.release(later.id, 'please')).rejects.toThrow('still cannot be sent');
    await suppressions.remove({ number: to, reason: 'a new phone' });
    await app.held.release(later.id, 'a new phone');
    // The next failure is new evidence.
    await waitUntil(async () => (await suppressions.find(to)) ?? undefined, {
      what: () => 'a new suppression',
    });
  });

  it('suppress a number no longer once a message has come from there, or arrived there', async () => {
    const to = newNumber();
    const suppressions = app.application.get(Suppressions);
    const isSuppressed = async () => (await suppressions.find(to)) !== null;
    const writes = async (id: string, at: Date) => {
      const data = { id, from: to, to: OURS, text: 'Hi, I have a new phone' };
      const event = await app.post({ type: 'message.received', timestamp: at.toISOString(), data });
      await waitForEvent(app.application, event.id, ({ status }) => status === 'done');
    };
    await report('message.undelivered', { id: 'SM_reach1', from: OURS, to, errorCode: '30005' });
    expect(await isSuppressed()).toBe(true);
    await writes('SM_before', new Date(Date.now() - DAY_MS));
    expect(await isSuppressed()).toBe(true);
    await writes('SM_after', new Date());
    expect(await isSuppressed()).toBe(false);
    const { items } = await suppressions.list({ number: to, isActive: false });
    expect(items).toMatchObject([{ removedReason: expect.stringContaining('is reachable') }]);
    await report('message.undelivered', { id: 'SM_reach2', from: OURS, to, errorCode: '30005' });
    expect(await isSuppressed()).toBe(true);
    const delivered = await report('message.delivered', { id: 'SM_reach3', from: OURS, to });
    await waitForEvent(app.application, delivered, ({ status }) => status === 'done');
    expect(await isSuppressed()).toBe(false);
  });

  it('suppress a number for a code that comes only with a later report, and send nothing to it again', async () => {
    const to = newNumber();
    const suppressions = app.application.get(Suppressions);
    const at = (seconds: number) => new Date(Date.now() - 10_000 + seconds * 1000);
    const data = { id: 'SM_later', from: OURS, to };
    await app.post({ type: 'message.sent', timestamp: at(0).toISOString(), data });
    await report('message.undelivered', data, at(2));
    expect(await suppressions.find(to)).toBeNull();
    await report('message.undelivered', { ...data, errorCode: '30005' }, at(6));
    expect(await suppressions.find(to)).toMatchObject({ code: '30005', messageId: 'SM_later' });
  });

  it('hold the resend of a message whose number turns out not to be in service', async () => {
    const later = await startFailingApplication({ resendDelaysMs: [2000] });
    try {
      const to = MAGIC_NUMBERS.unreachable.number;
      const { id } = await later.send(to);
      const isFailed = ({ id: one, state }: OutboxMessage) => one === id && state === 'undelivered';
      const { messageId } = await later.message({ to }, isFailed);
      expect(await later.failureOf(messageId!)).toMatchObject({ code: '30003', reactions: ['resend'] });
      await later.report('message.undelivered', { id: messageId!, from: OURS, to, errorCode: '30005' });
      const held = await later.message(
        { to },
        ({ resendOf, status }) => resendOf === messageId && status !== 'queued',
      );
      expect(held).toMatchObject({ status: 'held', heldReason: 'suppressed' });
      expect(later.postack.messages).toHaveLength(1);
    } finally {
      await later.close();
    }
  });

  it('suppress a number permanently if its owner opted out elsewhere, until START', async () => {
    const to = newNumber();
    await report('message.undelivered', { id: 'SM_optout', from: OURS, to, errorCode: '21610' });
    expect(await app.application.get(Suppressions).find(to)).toMatchObject({
      code: '21610',
      expiresAt: null,
    });
    const { id } = await app.post({
      type: 'message.received',
      timestamp: new Date().toISOString(),
      data: { id: 'SM_start', from: to, to: OURS, text: 'START' },
    });
    await waitForEvent(app.application, id, ({ status }) => status === 'done');
    expect(await app.application.get(Suppressions).find(to)).toBeNull();
    const [{ removedReason }] = (
      await app.application.get(Suppressions).list({ number: to, isActive: false })
    ).items as [SuppressionEntity];
    expect(removedReason).toBe('The recipient has opted in again');
  });

  it('do not suppress a number if an earlier or later receipt reports the message as delivered', async () => {
    const data = { id: 'SM_arrived', from: OURS, to: newNumber() };
    const delivered = await report('message.delivered', data);
    await waitForEvent(app.application, delivered, ({ status }) => status === 'done');
    await report('message.undelivered', { ...data, errorCode: '30005' }, new Date(Date.now() - 5000));
    expect(await failures.find('SM_arrived')).toMatchObject({
      isContradicted: true,
      reactions: [],
      code: '30005',
    });
    expect(await app.application.get(Suppressions).find(data.to)).toBeNull();

    const other = { id: 'SM_arrived_later', from: OURS, to: newNumber() };
    await report('message.undelivered', { ...other, errorCode: '30005' });
    expect(await app.application.get(Suppressions).find(other.to)).toMatchObject({ code: '30005' });
    await report('message.delivered', other);
    await waitUntil(async () => !(await app.application.get(Suppressions).find(other.to)) || undefined, {
      what: () => 'the suppression to end',
    });
    expect(await failures.find(other.id)).toMatchObject({ isContradicted: true, reactions: ['suppress'] });
  });

  it('suppress a number even if two receipts report different failures', async () => {
    const data = { id: 'SM_both', from: OURS, to: newNumber(), errorCode: '30005' };
    await report('message.undelivered', data);
    await report('message.failed', data);
    expect(await failures.find('SM_both')).toMatchObject({ isContradicted: false, reactions: ['suppress'] });
    expect(await app.application.get(Suppressions).find(data.to)).toMatchObject({ code: '30005' });
  });

  it('leave a suppression by an operator unchanged', async () => {
    const suppressions = app.application.get(Suppressions);
    const to = newNumber();
    const expiresAt = new Date(Date.now() + 10 * DAY_MS);
    await suppressions.add({ number: to, reason: 'asked to', expiresAt });
    await report('message.undelivered', { id: 'SM_theirs', from: OURS, to, errorCode: '21610' });
    expect(await suppressions.find(to)).toMatchObject({ source: 'admin', expiresAt });

    const other = newNumber();
    await report('message.undelivered', { id: 'SM_first', from: OURS, to: other, errorCode: '21610' });
    expect(await suppressions.add({ number: other, reason: 'court order', expiresAt })).toMatchObject({
      ...{ source: 'admin', reason: 'court order', expiresAt: null },
    });
    const text = { id: 'SM_start_other', from: other, to: OURS, text: 'START' };
    const { id } = await app.post({
      type: 'message.received',
      timestamp: new Date().toISOString(),
      data: text,
    });
    await waitForEvent(app.application, id, ({ status }) => status === 'done');
    expect(await suppressions.find(other)).toMatchObject({ reason: 'court order' });
  });

  it('take the number from the outbox if no event contains it', async () => {
    const to = newNumber();
    await send(to);
    const { messageId } = await app.message({ to }, ({ state }) => state === 'delivered');
    await app.database.query('DELETE FROM postack.message WHERE id = $1', [messageId]);
    await report('message.undelivered', { id: messageId, errorCode: '30005' });
    expect(await failureOf(messageId!)).toMatchObject({ from: OURS, to, reactions: ['suppress'] });
    expect(await app.application.get(Suppressions).find(to)).toMatchObject({ messageId });
    expect((await failures.list({ number: to })).items).toHaveLength(1);
  });

  it('take the number from any event of the message', async () => {
    const to = newNumber();
    const { id } = await app.post({ type: 'message.sent', data: { id: 'SM_known', from: OURS, to } });
    await waitForEvent(app.application, id, ({ status }) => status === 'done');
    await report('message.undelivered', { id: 'SM_known', errorCode: '30005' });
    expect((await failures.list({ number: to })).items).toMatchObject([
      { reactions: ['suppress'], from: OURS },
    ]);
    expect(await app.application.get(Suppressions).find(to)).toMatchObject({ messageId: 'SM_known' });
  });
});
