import { describe, expect, it } from '@jest/globals';
import { mergeFacts, type DeliveryFact } from '../../messages/delivery-state.js';
import { MessageEntity } from '../../messages/message.entity.js';
import { timeToDelivered } from './message-figures.js';

const fact = (state: DeliveryFact['state'], minute: number, eventId = `msg_${state}`): DeliveryFact => ({
  state,
  at: new Date(Date.UTC(2026, 0, 5, 10, minute)).toISOString(),
  eventId,
  errorCode: null,
});

function tookMs(...facts: DeliveryFact[]): number | null {
  const { state, history } = mergeFacts([], facts);
  return timeToDelivered(Object.assign(new MessageEntity(), { state, history }));
}

describe('the time to delivery', () => {
  it('is from the first event to the receipt', () => {
    expect(tookMs(fact('sent', 1), fact('queued', 0), fact('delivered', 5))).toBe(5 * 60_000);
    expect(tookMs(fact('delivered', 5))).toBeNull();
    expect(tookMs(fact('queued', 0), fact('failed', 5))).toBeNull();
  });

  it('is not known of a message that Postack was asked about, until the receipt comes after all', () => {
    const told = [fact('queued', 0), fact('delivered', 50, 'lookup')];
    expect(tookMs(...told)).toBeNull();
    expect(tookMs(...told, fact('read', 55))).toBeNull();
    expect(tookMs(...told, fact('delivered', 5))).toBe(5 * 60_000);
  });
});
