import { describe, expect, it } from '@jest/globals';
import type { MessageFields } from '../events/message-event.js';
import { MessageReceivedEvent } from '../events/message-received.event.js';
import { orderKeyOf } from './order-key.js';
import { UnknownPostackEvent } from '../events/unknown-postack.event.js';

const at = new Date('2026-11-01T10:00:00Z');
const envelope = (id: string) => ({
  id,
  endpoint: 'default',
  wireType: 'message.received',
  occurredAt: at,
  receivedAt: at,
  payload: null,
});
const NOTHING: MessageFields = {
  messageId: null,
  from: null,
  to: null,
  text: null,
  status: null,
  errorCode: null,
  errorMessage: null,
  segments: null,
};
const message = (id: string, fields: Partial<MessageFields>) =>
  new MessageReceivedEvent(envelope(id), { ...NOTHING, ...fields });
const A = '+15550100001';
const B = '+15550100002';

describe('orderKeyOf', () => {
  it('is the same in both directions of a conversation', () => {
    const key = orderKeyOf(message('1', { from: A, to: B }), 'conversation');
    expect(orderKeyOf(message('2', { from: B, to: A }), 'conversation')).toBe(key);
    expect(orderKeyOf(message('3', { from: A, to: A }), 'conversation')).not.toBe(key);
  });

  it('is the same for all events of a message', () => {
    const key = orderKeyOf(message('1', { messageId: 'SM1' }), 'message');
    expect(orderKeyOf(message('2', { messageId: 'SM1', from: A }), 'message')).toBe(key);
    expect(orderKeyOf(message('3', { messageId: 'SM2' }), 'message')).not.toBe(key);
  });

  it('is unique for an event without message and numbers', () => {
    const events = [
      message('1', { from: A }),
      message('2', { from: A }),
      new UnknownPostackEvent(envelope('3')),
    ];
    const keys = events.flatMap((event) => [orderKeyOf(event, 'conversation'), orderKeyOf(event, 'message')]);
    expect(new Set(keys).size).toBe(3);
  });

  it('does not reveal the numbers', () => {
    expect(orderKeyOf(message('1', { from: A, to: B }), 'conversation')).toMatch(/^[\w-]{22}$/);
  });
});
