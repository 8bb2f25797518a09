import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Client } from 'pg';
import { PostackDatabase } from '../../src/database/postack-database.js';
import type { OutboxMessageEntity } from '../../src/outbox/outbox-message.entity.js';
import { Suppressions } from '../../src/suppressions/suppressions.js';
import type { RepliesOptionsInput } from '../../src/replies/replies.options.js';
import {
  openCompliance,
  OTHER_OWN,
  OWN,
  partsOf,
  PEER,
  received,
  second,
  storeMessage,
  type Compliance,
} from '../support/compliance-database.js';

/** Daytime in every time zone of +1. */
const DAY = new Date(Date.UTC(2026, 0, 15, 23));
const NIGHT = new Date(Date.UTC(2026, 0, 15, 8));
const ago = (minutes: number) => new Date(DAY.getTime() - minutes * 60_000);

describe('SendRules', () => {
  let compliance: Compliance;
  let parts: ReturnType<typeof partsOf>;

  beforeAll(async () => {
    compliance = await openCompliance();
  });
  afterAll(() => compliance.close());
  beforeEach(async () => {
    await compliance.database.query(
      `TRUNCATE postack.opt_out, postack.opt_out_evidence, postack.own_number, postack.outbox_message,
         postack.suppression, postack.message`,
    );
    use({});
  });

  const use = (options: RepliesOptionsInput) => (parts = partsOf(compliance.dataSource, options));
  const store = (fields: Partial<OutboxMessageEntity>) => storeMessage(compliance.dataSource, fields);
  const queued = (fields: Partial<OutboxMessageEntity> = {}) =>
    store({ status: 'queued', sendingSince: null, ...fields });
  const check = (message: OutboxMessageEntity, now = DAY) =>
    compliance.dataSource.transaction((manager) => parts.rules.check(message, manager, now));
  const reason = async (fields: Partial<OutboxMessageEntity>, now = DAY) => {
    const block = await check(await queued(fields), now);
    return block?.kind === 'hold' ? block.reason : (block?.kind ?? null);
  };

  it('blocks nothing by default', async () => {
    for (const category of ['reply', 'confirmation', 'notification', 'solicitation'] as const) {
      expect(await reason({ category })).toBeNull();
    }
  });

  it('holds a reply to an own number, configured or learned', async () => {
    use({ ownNumbers: ['+1 (555) 010-0003'] });
    await parts.project(received('Hello', second(1)));
    const answers = ['reply', 'confirmation'] as const;
    for (const category of answers) {
      expect(await reason({ category, to: OWN })).toBe('own-number');
      expect(await reason({ category, to: OTHER_OWN, releasedAt: DAY })).toBe('own-number');
    }
    expect(await reason({ category: 'notification', to: OWN })).toBeNull();
  });

  it('holds all messages but the confirmation after an opt-out, also released ones', async () => {
    await parts.project(received('STOP', second(1)));
    for (const category of ['reply', 'notification', 'solicitation'] as const) {
      expect(await reason({ category, releasedAt: DAY })).toBe('opted-out');
      expect(await reason({ category, from: OTHER_OWN })).toBe('opted-out');
    }
    expect(await reason({ category: 'confirmation' })).toBeNull();
    use({ optOut: { scope: 'number' } });
    expect(await reason({ from: OTHER_OWN })).toBeNull();
  });

  it('holds messages to a suppressed number, also released ones, until the suppression ends or is removed', async () => {
    const suppressions = new Suppressions(new PostackDatabase(compliance.dataSource));
    await suppressions.add({ number: PEER, reason: 'disconnected' });
    for (const category of ['reply', 'notification', 'solicitation'] as const) {
      expect(await reason({ category, releasedAt: DAY })).toBe('suppressed');
    }
    expect(await reason({ category: 'confirmation' })).toBeNull();
    expect(await reason({ to: '+15550100009' })).toBeNull();
    await compliance.database.query(`UPDATE postack.suppression SET expires_at = now()`);
    expect(await reason({})).toBeNull();
    await suppressions.add({ number: PEER, reason: 'disconnected' });
    expect(await reason({})).toBe('suppressed');
    await suppressions.remove({ number: PEER, reason: 'a new phone' });
    expect(await reason({})).toBeNull();
  });

  it('cancels an answer to a name', async () => {
    const block = await check(await queued({ category: 'reply', to: 'Acme Shop' }));
    expect(block).toEqual({
      kind: 'cancel',
      detail: "Ac*****op is a sender's name, which cannot be sent to",
    });
  });

  it('cancels a resend of a message that may have been delivered after all', async () => {
    const reported = (state: string, others: string[]) =>
      compliance.database.query(
        `INSERT INTO postack.message (id, direction, state, state_at, conflict, history, first_event_at, last_event_at)
         VALUES ('SM1', 'outbound', $1, now(), false, $2, now(), now())
         ON CONFLICT (id) DO UPDATE SET state = excluded.state, history = excluded.history`,
        [state, JSON.stringify([...others, state].map((one) => ({ state: one })))],
      );
    const resend = { resendOf: 'SM1', resendAttempt: 1 };
    expect(await reason(resend)).toBe('cancel');
    for (const [state, others, expected] of [
      ['undelivered', ['sent'], null],
      ['undelivered', ['failed'], null],
      ['failed', [], null],
      ['undelivered', ['delivered'], 'cancel'],
      ['delivered', ['sent'], 'cancel'],
      ['expired', ['sent'], 'cancel'],
    ] as const) {
      await reported(state, [...others]);
      expect({ state, reason: await reason(resend) }).toEqual({ state, reason: expected });
    }
  });

  it('holds solicitations while an opt-out review is open', async () => {
    await parts.project(received('leave me alone', second(1)));
    expect(await reason({ category: 'solicitation' }, NIGHT)).toBe('opt-out-review');
    expect(await reason({ category: 'notification' })).toBeNull();
  });

  it('defers solicitations until the quiet hours end', async () => {
    const message = await queued({ category: 'solicitation', timeZone: 'America/New_York' });
    expect(await check(message, NIGHT)).toEqual({
      kind: 'defer',
      until: new Date(Date.UTC(2026, 0, 15, 13)),
      detail: 'Quiet hours of +1********01, 21:00 to 08:00 local time (replies.quietHours)',
    });
    expect(await reason({ category: 'notification' }, NIGHT)).toBeNull();
    use({ quietHours: { from: '23:00', to: '03:00' } });
    expect(await check(message, NIGHT)).toBeNull();
  });

  it('holds replies beyond the limit of ten minutes', async () => {
    use({ loopGuard: { perTenMinutes: 3 } });
    await store({ sendingSince: ago(11) });
    await store({ sendingSince: ago(9), from: OTHER_OWN });
    await store({ sendingSince: ago(1), category: 'confirmation', status: 'sending' });
    expect(await reason({})).toBeNull();
    await store({ sendingSince: ago(2), status: 'held', heldReason: 'unknown-outcome' });
    expect(await check(await queued())).toEqual({
      kind: 'hold',
      reason: 'peer-budget',
      detail:
        '+1********01 received 3 replies within 10 minutes (replies.loopGuard.perTenMinutes): ' +
        'likely an auto-responder. Release the message if it is a real conversation',
    });
    expect(await reason({ category: 'confirmation' })).toBe('peer-budget');
    expect(await reason({ category: 'notification' })).toBeNull();
    expect(await reason({ to: '+15550100009' })).toBeNull();
    expect(await reason({ releasedAt: DAY })).toBeNull();
  });

  it('counts neither messages that were never sent, nor other categories, nor the message itself', async () => {
    use({ loopGuard: { perTenMinutes: 1 } });
    await store({ sendingSince: ago(1), category: 'notification' });
    await store({ sendingSince: ago(1), status: 'rejected' });
    await store({ sendingSince: ago(1), status: 'held', heldReason: 'peer-budget' });
    expect(await check(await store({ sendingSince: ago(1), status: 'sending' }))).toBeNull();
  });

  it('holds replies beyond the limit of a day', async () => {
    use({ loopGuard: { perDay: 2 } });
    await store({ sendingSince: ago(24 * 60 + 1) });
    await store({ sendingSince: ago(23 * 60) });
    expect(await reason({})).toBeNull();
    await store({ sendingSince: ago(22 * 60) });
    expect(await check(await queued())).toMatchObject({
      reason: 'peer-budget',
      detail: expect.stringContaining('2 replies within 24 hours (replies.loopGuard.perDay)'),
    });
  });

  it('holds a text that the recipient has just received several times', async () => {
    for (const minutes of [11, 3, 2]) await store({ sendingSince: ago(minutes), text: 'We are closed' });
    expect(await reason({ text: 'We are closed' })).toBeNull();
    await store({ sendingSince: ago(1), text: 'We are closed' });
    expect(await check(await queued({ text: 'We are closed' }))).toMatchObject({
      reason: 'identical-text',
      detail: expect.stringContaining('3 times within 10 minutes (replies.loopGuard.identicalTexts)'),
    });
    expect(await reason({ text: 'We are open' })).toBeNull();
  });

  it('keeps to the limits when several processes send concurrently', async () => {
    use({ loopGuard: { perTenMinutes: 3 } });
    const messages = await Promise.all(Array.from({ length: 8 }, () => queued()));
    const begin = (message: OutboxMessageEntity) =>
      compliance.dataSource.transaction(async (manager) => {
        const block = await partsOf(compliance.dataSource, {
          loopGuard: { perTenMinutes: 3 },
        }).rules.check(message, manager);
        if (block) return 0;
        await manager.query(
          `UPDATE postack.outbox_message SET status = 'sending', sending_since = now() WHERE id = $1`,
          [message.id],
        );
        return 1;
      });
    const begun = await Promise.all(messages.map(begin));
    expect(begun.reduce<number>((sum, one) => sum + one, 0)).toBe(3);
  });
});

describe('OwnNumbers', () => {
  let compliance: Compliance;

  beforeAll(async () => {
    compliance = await openCompliance();
  });
  afterAll(() => compliance.close());

  it('learns the recipients of received messages, and remembers them once the transaction commits', async () => {
    const { dataSource } = compliance;
    const parts = partsOf(dataSource);
    await expect(
      dataSource.transaction(async (manager) => {
        await parts.projection.project([received('Hello', second(1))], manager);
        await parts.projection.project([received('Hello', second(2))], manager);
        expect(await parts.ownNumbers.isOwn(OWN, manager)).toBe(true);
        throw new Error('lost');
      }),
    ).rejects.toThrow('lost');
    expect(await parts.ownNumbers.isOwn(OWN)).toBe(false);
    await parts.project(received('Hello', second(3)), received('Hi', second(4), { to: '+1 555 010 0003' }));
    expect(await partsOf(dataSource).ownNumbers.isOwn('+1 (555) 010-0002')).toBe(true);
    expect(await partsOf(dataSource).ownNumbers.isOwn(OTHER_OWN)).toBe(true);
    expect(await parts.ownNumbers.isOwn(PEER)).toBe(false);
  });

  it('runs no statement for known numbers when there is nothing else to record', async () => {
    const { dataSource } = compliance;
    const parts = partsOf(dataSource);
    const statementsOf = (text: string) =>
      dataSource.transaction(async (manager) => {
        const client = (await manager.queryRunner?.connect()) as Client;
        const query = jest.spyOn(client, 'query');
        await parts.projection.project([received(text, second(1), { to: '+15550100008' })], manager);
        const statements = query.mock.calls.length;
        query.mockRestore();
        return statements;
      });
    expect(await statementsOf('Hello')).toBe(1);
    expect(await statementsOf('Hello')).toBe(1);
    expect(await statementsOf('Hello')).toBe(0);
    expect(await statementsOf('HELP')).toBe(0);
    expect(await statementsOf('STOP')).toBeGreaterThan(1);
  });
});
