import { describe, expect, it } from '@jest/globals';
import { mergeFacts, type DeliveryFact } from './delivery-state.js';
import { MessageEntity } from './message.entity.js';
import { timeToDelivered } from './message-facts.js';

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

describe('timeToDelivered', () => {
  it('is from the first event to the receipt', () => {
    expect(tookMs(fact('sent', 1), fact('queued', 0), fact('delivered', 5))).toBe(5 * 60_000);
    expect(tookMs(fact('delivered', 5))).toBeNull();
    expect(tookMs(fact('queued', 0), fact('failed', 5))).toBeNull();
  });

  it('is unknown for a delivery that was looked up, until the receipt arrives', () => {
    const lookedUp = [fact('queued', 0), fact('delivered', 50, 'lookup')];
    expect(tookMs(...lookedUp)).toBeNull();
    expect(tookMs(...lookedUp, fact('read', 55))).toBeNull();
    expect(tookMs(...lookedUp, fact('delivered', 5))).toBe(5 * 60_000);
  });
});
