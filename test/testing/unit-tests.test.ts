import { describe, expect, it } from '@jest/globals';
import { MessageReceivedEvent, MessageUndeliveredEvent, UnknownPostackEvent } from '../../src/index.js';
import { recordReplies, testContext, testEvent, type TestEventFields } from '../../src/testing/index.js';

class Greeter {
  async onReceived(event: MessageReceivedEvent): Promise<void> {
    if (event.text === 'HOURS') await event.reply('9 to 5');
    await event.reply(`Hello ${event.from ?? 'stranger'}`, { key: 'hello' });
    await event.reply('once more', { key: 'hello' });
  }
}

describe('testEvent', () => {
  it('is an event of its class, complete', () => {
    const event = testEvent(MessageReceivedEvent, { text: 'HOURS', id: 'msg_1' });
    expect(event).toBeInstanceOf(MessageReceivedEvent);
    expect(event).toMatchObject({ id: 'msg_1', type: 'message.received', wireType: 'message.received' });
    expect(event).toMatchObject({ text: 'HOURS', from: '+15550100001', to: '+15550100002' });
    expect(event.payload).toMatchObject({ type: 'message.received', data: { text: 'HOURS' } });
    expect(event.idempotencyKey('crm')).toBe('default:msg_1:crm');
  });

  it('goes out from your number when it is about a message of yours', () => {
    const event = testEvent(MessageUndeliveredEvent, { errorCode: '30003', segments: undefined });
    expect(event).toMatchObject({ from: '+15550100002', to: '+15550100001', text: null, segments: null });
  });

  it('can be of an unknown type', () => {
    const event = testEvent(UnknownPostackEvent, { wireType: 'call.started', payload: { a: 1 } });
    expect(event).toMatchObject({ type: 'unknown', wireType: 'call.started', payload: { a: 1 } });
  });

  it('refuses a field that no event has', () => {
    const fields = { txt: 'HOURS' } as TestEventFields;
    expect(() => testEvent(MessageReceivedEvent, fields)).toThrow(/Events have no field txt; there are id/);
  });
});

describe('recordReplies', () => {
  it('returns what a listener replies', async () => {
    const event = testEvent(MessageReceivedEvent, { text: 'HOURS', id: 'msg_1' });
    const replies = await recordReplies(() => new Greeter().onReceived(event), { listener: 'greeter' });
    expect(replies).toEqual([
      { from: event.to, to: event.from, text: '9 to 5', idempotencyKey: 'default:msg_1:greeter:1' },
      {
        from: event.to,
        to: event.from,
        text: 'Hello +15550100001',
        idempotencyKey: 'default:msg_1:greeter:hello',
      },
    ]);
  });

  it('refuses a text that could not be sent, and throws what the listener throws', async () => {
    const event = testEvent(MessageReceivedEvent);
    await expect(recordReplies(() => event.reply(' '))).rejects.toThrow('The text is empty');
    await expect(recordReplies(() => event.reply('a'.repeat(200)), { maxSegments: 1 })).rejects.toThrow(
      /too many for 1 segments/,
    );
  });
});

it('testContext is that of a first call', () => {
  expect(testContext({ attempt: 3 })).toMatchObject({
    ...{ listener: 'test', attempt: 3, reason: 'initial', replayId: null },
    signal: expect.any(AbortSignal),
  });
});
