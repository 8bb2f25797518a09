import fc from 'fast-check';
import type { KnownEventType } from '../../src/index.js';

/** One event of Postack about one message. */
export interface HistoryEvent {
  id: string;
  type: KnownEventType;
  at: number;
  messageId: string;
  from: string;
  to: string;
  segments: number;
  errorCode: string | null;
}

export const OWN_NUMBERS = ['+4930123456', '+15550100002'];

/** Error code in the histories → cause class. */
export const CAUSES: Record<string, string> = {
  invalid_text: 'content',
  invalid_recipient: 'recipient',
  '30003': 'carrier',
};
/** Peer in the histories → country, and price of a segment. */
export const PEERS: Record<string, readonly [country: string, price: number]> = {
  '+491701234567': ['DE', 0.08],
  '+919812345678': ['IN', 0.02],
  '+15550100001': ['+1', 0],
};
export const PRICE_TABLE = {
  currency: 'EUR',
  perSegment: { DE: 0.5, '+4917': 0.08, '+49': 0.07, IN: 0.02 },
};

/** Different spellings of one number in events. */
const SPELLINGS: readonly ((number: string) => string)[] = [
  (number) => number,
  (number) => ` ${number} `,
  (number) => `${number.slice(0, 3)} (${number.slice(3, 6)}) ${number.slice(6, 9)}-${number.slice(9)}`,
  // With fewer digits and without a plus sign, it is not an international number.
  (number) => (number.length > 11 ? number.slice(1) : number),
];

/** Starts of 3 days around each DST change in Berlin in 2026. */
const STARTS = [Date.UTC(2026, 2, 28), Date.UTC(2026, 9, 24)];

const OUTBOUND: readonly KnownEventType[] = ['message.queued', 'message.sent', 'message.delivered'];
const FAILED: readonly KnownEventType[] = ['message.undelivered', 'message.failed'];

const message = fc.record({
  isInbound: fc.boolean(),
  own: fc.constantFrom(...OWN_NUMBERS),
  peer: fc.constantFrom(...Object.keys(PEERS)),
  start: fc.constantFrom(...STARTS),
  afterMinutes: fc.nat(3 * 24 * 60),
  afterMs: fc.nat(59_999),
  segments: fc.integer({ min: 1, max: 3 }),
  steps: fc.subarray([...OUTBOUND], { minLength: 1 }),
  failure: fc.option(fc.constantFrom(...FAILED), { freq: 2 }),
  errorCode: fc.constantFrom(...Object.keys(CAUSES), null),
  spellings: fc.array(fc.constantFrom(...SPELLINGS), { minLength: 4, maxLength: 4 }),
  stepMs: fc.array(fc.integer({ min: 1, max: 5_000_000 }), { minLength: 4, maxLength: 4 }),
});

/** Events in batches, in random order, some of them repeated. */
export const historyBatches: fc.Arbitrary<HistoryEvent[][]> = fc
  .array(message, { minLength: 1, maxLength: 30 })
  .map((messages) =>
    messages.flatMap((one, index): HistoryEvent[] => {
      const { isInbound, segments, errorCode, failure } = one;
      const types = isInbound
        ? (['message.received'] as const)
        : [...one.steps, ...(failure === null ? [] : [failure])];
      let at = one.start + one.afterMinutes * 60_000 + one.afterMs;
      return types.map((type, step) => {
        at += step === 0 ? 0 : one.stepMs[step]!;
        const [own, peer] = [one.spellings[step]!(one.own), one.spellings[step]!(one.peer)];
        const isFailure = FAILED.includes(type);
        return {
          id: `msg_${index}_${type}`,
          type,
          at,
          messageId: `SM${index}`,
          ...(isInbound ? { from: peer, to: own } : { from: own, to: peer }),
          segments,
          errorCode: isFailure ? errorCode : null,
        };
      });
    }),
  )
  .chain((events) =>
    fc.tuple(
      fc.shuffledSubarray(events, { minLength: events.length }),
      fc.subarray(events),
      fc.integer({ min: 1, max: 12 }),
    ),
  )
  .map(([events, again, size]) => {
    const all = [...events, ...again];
    return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
      all.slice(index * size, (index + 1) * size),
    );
  });
