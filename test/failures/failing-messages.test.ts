import { Injectable } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Alerts } from '../../src/alerts/alerts.js';
import type { FailureQueries } from '../../src/failures/failure-queries.js';
import type { FailureReaction } from '../../src/failures/failures.options.js';
import { FailureSummary } from '../../src/failures/failure-summary.js';
import type { MessageFailure } from '../../src/failures/message-failure.js';
import { FailurePolicy } from '../../src/failures/reactions/failure-policy.js';
import { Suppressions } from '../../src/suppressions/suppressions.js';
import { MAGIC_NUMBERS } from '../../src/simulator/index.js';
import { waitForListener } from '../../src/testing/index.js';
import { newNumber, OURS } from '../support/reply-application.js';
import { waitUntil } from '../support/wait-until.js';
import { startFailingApplication, type FailingApplication } from './failing-application.js';

/** Decides about one number, and defers to the options for all others. */
@Injectable()
class VipPolicy extends FailurePolicy {
  static readonly number = newNumber();

  decide({ to }: MessageFailure): readonly FailureReaction[] | null {
    return to === VipPolicy.number ? [] : null;
  }
}

describe('FailureReactions', () => {
  let app: FailingApplication;
  let failures: FailureQueries;
  let send: FailingApplication['send'];
  let failureOf: FailingApplication['failureOf'];
  let report: FailingApplication['report'];

  beforeAll(async () => {
    app = await startFailingApplication({ providers: [VipPolicy] });
    ({ failures, send, failureOf, report } = app);
  });
  afterAll(() => app.close());

  it('resend a failed message as a new, linked one, until the attempts are used up', async () => {
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

  it('raise one alert for a cause that needs manual action, however many messages fail', async () => {
    const number = { from: OURS, to: newNumber() };
    await report('message.failed', { id: 'SM_10dlc_1', ...number, errorCode: '30034' });
    await report('message.failed', { id: 'SM_10dlc_2', ...number, errorCode: '30034' });
    const open = await app.application.get(Alerts).list({ kind: 'failure', state: 'open' });
    expect(open.items.filter(({ key }) => key === '30034')).toMatchObject([
      { occurrences: 2, details: { messageId: 'SM_10dlc_2' }, summary: expect.stringContaining('10DLC') },
    ]);
    expect(JSON.stringify(open)).not.toContain(number.to);
  });

  it('include rejections by Postack, recorded under the id in the outbox', async () => {
    const to = MAGIC_NUMBERS.missingCampaign.number;
    const { id } = await send(to);
    expect(await failureOf(id)).toMatchObject({
      ...{ state: 'rejected', source: 'rejection', code: 'missing_campaign', causeClass: 'account', to },
      ...{ reactions: ['alert'], eventId: null, isContradicted: false },
    });
    expect(await app.log.find(id)).toMatchObject({ status: 'rejected' });
    const first = (await failures.find(id))!;
    // Released by an operator and rejected again: a new failure.
    await app.held.release(id, 'the campaign is registered now');
    await waitUntil(
      async () => {
        const again = await failures.find(id);
        return again?.reactedAt && again.failedAt > first.failedAt ? again : undefined;
      },
      { what: () => 'a reaction to the second rejection' },
    );
    // Released once more, and accepted by Postack.
    await app.database.query(`UPDATE postack.outbox_message SET status = 'accepted' WHERE id = $1`, [id]);
    expect(await failures.find(id)).toMatchObject({ isContradicted: true });
  });

  it('are none for an unknown or missing code, which is recorded and counted', async () => {
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

  it('follow one record, of the latest report in any order of arrival', async () => {
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

  it('do not resend a failed message that is also reported as delivered', async () => {
    const to = newNumber();
    await send(to);
    const { messageId } = await app.message({ to }, ({ state }) => state === 'delivered');
    await report('message.undelivered', { id: messageId, from: OURS, to, errorCode: '30003' });
    expect(await failureOf(messageId!)).toMatchObject({
      ...{ isContradicted: true, reactions: [], resendRefusal: 'may-have-arrived', resentAs: null },
    });
    expect((await app.log.list({ to })).items).toHaveLength(1);
  });

  it('see no error code where an event has a sentence or an overlong text for it', async () => {
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

  it('wait until it is known whether the outbox sent the message', async () => {
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
    await waitForListener(app.application, id, 'failures.react', 'retrying');
    expect(await failures.find(messageId!)).toMatchObject({ reactedAt: null, resendRefusal: null });
    await change(`status = 'accepted', message_id = '${messageId}', accepted_at = now()`);
    await app.database.query(
      `UPDATE postack.delivery SET run_at = now() WHERE handler = 'failures.react' AND status = 'retrying'`,
    );
    expect(await failureOf(messageId!)).toMatchObject({ reactions: ['resend'], resendRefusal: null });
  });

  it('do not resend a message that another system sent', async () => {
    await report('message.undelivered', { id: 'SM_others', from: OURS, to: newNumber(), errorCode: '30003' });
    expect(await failureOf('SM_others')).toMatchObject({ resendRefusal: 'not-ours', reactions: [] });
  });

  it('do not resend a message that failed more than a day ago, even if its event is replayed', async () => {
    const to = newNumber();
    const { id } = await send(to);
    const { messageId } = await app.message({ to }, ({ state }) => state === 'delivered');
    // As if it had failed before failures were recorded.
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

  it('are those of the application’s policy, where it decides', async () => {
    const to = VipPolicy.number;
    await report('message.undelivered', { id: 'SM_vip', from: OURS, to, errorCode: '30005' });
    expect(await failureOf('SM_vip')).toMatchObject({ code: '30005', reactions: [] });
    expect(await app.application.get(Suppressions).find(to)).toBeNull();
  });
});
