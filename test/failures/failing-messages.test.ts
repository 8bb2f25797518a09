import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Alerts } from '../../src/alerts/alerts.js';
import { FailureLog, type FailureDetail } from '../../src/failures/failure-log.js';
import type { FailureReaction } from '../../src/failures/failure-options.js';
import { FailurePolicy } from '../../src/failures/reactions/failure-policy.js';
import { FailureSummary } from '../../src/failures/failure-summary.js';
import type { Failure } from '../../src/failures/failure.js';
import type { SuppressionEntity } from '../../src/replies/suppressions/suppression.entity.js';
import { Suppressions } from '../../src/replies/suppressions/suppressions.js';
import { MAGIC_NUMBERS } from '../../src/simulator/index.js';
import { waitForEvent, waitForListener } from '../../src/testing/index.js';
import {
  newNumber,
  OURS,
  startReplyApplication,
  type ReplyApplication,
} from '../replies/reply-application.js';
import { waitUntil } from '../support/wait-until.js';

const DAY_MS = 86_400_000;

/** Knows better about one number, and leaves the rest to the options. */
@Injectable()
class VipPolicy extends FailurePolicy {
  static readonly number = newNumber();

  decide({ to }: Failure): readonly FailureReaction[] | null {
    return to === VipPolicy.number ? [] : null;
  }
}

describe('a message that fails', () => {
  let app: ReplyApplication;
  let failures: FailureLog;

  beforeAll(async () => {
    app = await startReplyApplication({
      postack: { timeScale: 100 },
      providers: [VipPolicy],
      options: { replies: { rules: false }, failures: { resendDelaysMs: [0, 0] } },
    });
    failures = app.application.get(FailureLog);
  });
  afterAll(() => app.close());

  const send = (to: string, text = `Hello ${randomUUID()}`) =>
    app.outbox.enqueue({ from: OURS, to, text, category: 'notification', idempotencyKey: randomUUID() });
  const failureOf = (messageId: string, fits: (failure: FailureDetail) => boolean = () => true) =>
    waitUntil(
      async () => {
        const failure = await failures.find(messageId);
        return failure?.reactedAt && fits(failure) ? failure : undefined;
      },
      { what: () => `a reaction to the failure of ${messageId}` },
    );
  /** What Postack reports of a message that this backend knows nothing else of, or of one that it does. */
  const report = async (type: string, data: Record<string, unknown>, at = new Date()) => {
    const { id } = await app.post({ type, timestamp: at.toISOString(), data });
    if (type === 'message.delivered') return id;
    await waitForListener(app.application, id, 'failures.react', 'done');
    return id;
  };

  it('for now is sent again as a new one, linked to the old, as often as it may and no more', async () => {
    const to = MAGIC_NUMBERS.unreachable.number;
    const { id } = await send(to, 'Are you there?');
    const first = await app.message(
      { to },
      (message) => message.id === id && message.state === 'undelivered',
    );
    const failure = await failureOf(first.messageId!);
    expect(failure).toMatchObject({
      ...{ state: 'undelivered', source: 'event', code: '30003', causeClass: 'carrier', to, from: OURS },
      ...{ isRetryable: true, isContradicted: false, reactions: ['resend'], resendRefusal: null },
      eventId: expect.any(String),
      meaning: expect.stringContaining('cannot be reached'),
    });
    const second = await app.message({ to }, (message) => message.resendOf === first.messageId);
    expect(failure.resentAs).toBe(second.id);
    expect(second).toMatchObject({ text: 'Are you there?', category: 'notification', resendAttempt: 1 });
    const third = await app.message(
      { to },
      ({ resendAttempt, messageId }) => resendAttempt === 2 && !!messageId,
    );
    expect(await failureOf(third.messageId!)).toMatchObject({
      ...{ reactions: [], resendRefusal: 'attempts-used', resentAs: null },
    });
    expect(app.postack.messages.filter(({ recipient }) => recipient === to)).toHaveLength(3);
  });

  it('for good suppresses its number, with evidence and an end; what follows is held until that is removed', async () => {
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
    expect(held.heldDetail).toMatch(/failed with the code 30006, until .*remove the suppression/);
    await expect(app.held.release(later.id, 'please')).rejects.toThrow('It still cannot be sent');
    await suppressions.remove({ number: to, reason: 'a new phone' });
    await app.held.release(later.id, 'a new phone');
    // It fails again, which is new evidence.
    await waitUntil(async () => (await suppressions.find(to)) ?? undefined, {
      what: () => 'a new suppression',
    });
  });

  it('because its recipient has opted out elsewhere suppresses the number without an end', async () => {
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

  it('for what a person has to mend raises one alert, however many follow', async () => {
    const number = { from: OURS, to: newNumber() };
    await report('message.failed', { id: 'SM_10dlc_1', ...number, errorCode: '30034' });
    await report('message.failed', { id: 'SM_10dlc_2', ...number, errorCode: '30034' });
    const open = await app.application.get(Alerts).list({ kind: 'failure', state: 'open' });
    expect(open.items.filter(({ key }) => key === '30034')).toMatchObject([
      { occurrences: 2, details: { messageId: 'SM_10dlc_2' }, summary: expect.stringContaining('10DLC') },
    ]);
    expect(JSON.stringify(open)).not.toContain(number.to);
  });

  it('when Postack rejects it is a failure as well, under its id in the outbox', async () => {
    const to = MAGIC_NUMBERS.missingCampaign.number;
    const { id } = await send(to);
    expect(await failureOf(id)).toMatchObject({
      ...{ state: 'rejected', source: 'rejection', code: 'missing_campaign', causeClass: 'account', to },
      ...{ reactions: ['alert'], eventId: null, isContradicted: false },
    });
    expect(await app.log.find(id)).toMatchObject({ status: 'rejected' });
    // A person has it sent, and this time Postack takes it.
    await app.database.query(`UPDATE postack.outbox_message SET status = 'accepted' WHERE id = $1`, [id]);
    expect(await failures.find(id)).toMatchObject({ isContradicted: true });
  });

  it('for an unknown reason, or none, is kept and counted, and nothing is done', async () => {
    const number = { from: OURS, to: newNumber() };
    await report('message.failed', { id: 'SM_new_1', ...number, errorCode: '99999' });
    await report('message.failed', { id: 'SM_new_2', ...number, errorCode: '99999' });
    await report('message.failed', { id: 'SM_none', ...number });
    expect(await failureOf('SM_new_1')).toMatchObject({ causeClass: 'unknown', reactions: [] });
    const { items } = await app.application.get(FailureSummary).count();
    expect(items).toContainEqual(
      expect.objectContaining({ cause: 'unknown', code: '99999', total: 2, unacknowledged: 2 }),
    );
    expect(items).toContainEqual(expect.objectContaining({ cause: 'unknown', code: null, total: 1 }));
  });

  it('is one record, of the latest report in whatever order they come', async () => {
    const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, seconds));
    const data = { id: 'SM_twice', from: OURS, to: newNumber() };
    const latest = await report('message.undelivered', { ...data, errorCode: '30007' }, at(9));
    await report('message.failed', { ...data, errorCode: '30003' }, at(3));
    expect(await failures.find('SM_twice')).toMatchObject({
      ...{ state: 'undelivered', code: '30007', eventId: latest, failedAt: at(9) },
      ...{ reactions: ['alert'] },
    });
    expect((await failures.list({ number: data.to })).items).toHaveLength(1);
  });

  it('and is reported as delivered too is contradicted, and not sent again', async () => {
    const to = newNumber();
    await send(to);
    const { messageId } = await app.message({ to }, ({ state }) => state === 'delivered');
    await report('message.undelivered', { id: messageId, from: OURS, to, errorCode: '30003' });
    expect(await failureOf(messageId!)).toMatchObject({
      ...{ isContradicted: true, reactions: [], resendRefusal: 'may-have-arrived', resentAs: null },
    });
    expect((await app.log.list({ to })).items).toHaveLength(1);
  });

  it('and has arrived, as a late receipt says, suppresses no number', async () => {
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

  it('is known by its numbers, whatever event tells them', async () => {
    const to = newNumber();
    const { id } = await app.post({ type: 'message.sent', data: { id: 'SM_known', from: OURS, to } });
    await waitForEvent(app.application, id, ({ status }) => status === 'done');
    await report('message.undelivered', { id: 'SM_known', errorCode: '30005' });
    expect((await failures.list({ number: to })).items).toMatchObject([
      { reactions: ['suppress'], from: OURS },
    ]);
    expect(await app.application.get(Suppressions).find(to)).toMatchObject({ messageId: 'SM_known' });
  });

  it('with a sentence for a code has no code, and the sentence is in no log line and no alert', async () => {
    const number = { from: OURS, to: newNumber() };
    await report('message.failed', {
      id: 'SM_sentence',
      ...number,
      errorCode: `${number.to} refused: Hello`,
    });
    expect(await failureOf('SM_sentence')).toMatchObject({ code: null, causeClass: 'unknown' });
    await report('message.failed', { id: 'SM_long', ...number, errorCode: 'x'.repeat(12_000) });
    expect(await failureOf('SM_long')).toMatchObject({ code: null });
  });

  it('before it is known that it is one of ours is reacted to when it is', async () => {
    const to = newNumber();
    const { id: outboxId } = await send(to);
    const { messageId } = await app.message({ to }, ({ status }) => status === 'accepted');
    await app.message({ to }, ({ state }) => state === 'delivered');
    const undecided = `status = 'sending', message_id = NULL, accepted_at = NULL`;
    const change = (set: string) =>
      app.database.query(`UPDATE postack.outbox_message SET ${set} WHERE id = $1`, [outboxId]);
    await change(undecided);
    await app.database.query('DELETE FROM postack.message WHERE id = $1', [messageId]);
    const { id } = await app.post({
      type: 'message.undelivered',
      data: { id: messageId, from: OURS, to, errorCode: '30003' },
    });
    await waitForListener(app.application, id, 'failures.react', 'failing');
    expect(await failures.find(messageId!)).toMatchObject({ reactedAt: null, resendRefusal: null });
    await change(`status = 'accepted', message_id = '${messageId}', accepted_at = now()`);
    await app.database.query(
      `UPDATE postack_jobs.job SET start_after = now() WHERE name LIKE '%failures.react%' AND state IN ('retry', 'created')`,
    );
    expect(await failureOf(messageId!)).toMatchObject({ reactions: ['resend'], resendRefusal: null });
  });

  it('that somebody else has sent is not sent again', async () => {
    await report('message.undelivered', { id: 'SM_others', from: OURS, to: newNumber(), errorCode: '30003' });
    expect(await failureOf('SM_others')).toMatchObject({ resendRefusal: 'not-ours', reactions: [] });
  });

  it('a day ago is not sent again, whoever replays its event', async () => {
    const to = newNumber();
    const { id } = await send(to);
    const { messageId } = await app.message({ to }, ({ state }) => state === 'delivered');
    // As if the message had failed before failures were recorded.
    const [fact] = [
      { state: 'undelivered', at: '2026-01-01T00:00:00.000Z', eventId: 'msg_old', errorCode: '30003' },
    ];
    await app.database.query(
      `UPDATE postack.message SET state = 'undelivered', error_code = '30003', history = $2 WHERE id = $1`,
      [messageId, JSON.stringify([fact])],
    );
    await report(
      'message.undelivered',
      { id: messageId, from: OURS, to, errorCode: '30003' },
      new Date('2026-01-02'),
    );
    expect(await failureOf(messageId!)).toMatchObject({
      resendRefusal: 'too-late',
      reactions: [],
      eventId: 'msg_old',
    });
    expect((await app.log.list({ to })).items.map((message) => message.id)).toEqual([id]);
  });

  it('is left to the policy of the application, where that decides', async () => {
    const to = VipPolicy.number;
    await report('message.undelivered', { id: 'SM_vip', from: OURS, to, errorCode: '30005' });
    expect(await failureOf('SM_vip')).toMatchObject({ code: '30005', reactions: [] });
    expect(await app.application.get(Suppressions).find(to)).toBeNull();
  });
});
