import type { HistoryEvent } from './history.js';

// Everything once more, the slow and obvious way, from the events alone.

export interface NaiveMessage {
  id: string;
  isInbound: boolean;
  state: string;
  at: number;
  from: string;
  to: string;
  segments: number;
  errorCode: string | null;
  deliveredAfterMs: number | null;
}

const EARLIER = ['received', 'queued', 'sent'];

/** All numbers in the histories are international ones. */
const spelt = (number: string) => `+${number.replaceAll(/\D/g, '')}`;

/** One message from all that is told of it. */
function messageOf(id: string, events: readonly HistoryEvent[]): NaiveMessage {
  const sorted = events.toSorted((a, b) => a.at - b.at);
  const first = sorted[0]!;
  const stateOf = (event: HistoryEvent) => event.type.replace('message.', '');
  const end = sorted.findLast((event) => !EARLIER.includes(stateOf(event)));
  const highest = sorted
    .toSorted((a, b) => EARLIER.indexOf(stateOf(a)) - EARLIER.indexOf(stateOf(b)))
    .at(-1)!;
  const last = end ?? highest;
  const isDelivered = stateOf(last) === 'delivered';
  const before = sorted.find((event) => ['queued', 'sent'].includes(stateOf(event)));
  return {
    id,
    isInbound: first.type === 'message.received',
    state: stateOf(last),
    at: first.at,
    from: spelt(first.from),
    to: spelt(first.to),
    segments: first.segments,
    errorCode: last.errorCode,
    deliveredAfterMs: isDelivered && before ? last.at - before.at : null,
  };
}

export function naiveMessages(events: readonly HistoryEvent[]): NaiveMessage[] {
  const byMessage = Map.groupBy(events, ({ messageId }) => messageId);
  return [...byMessage].map(([id, list]) => messageOf(id, list));
}

const pairOf = ({ isInbound, from, to }: NaiveMessage) => (isInbound ? `${to} ${from}` : `${from} ${to}`);
const DAY_MS = 86_400_000;

function isBefore(a: NaiveMessage, b: NaiveMessage): boolean {
  return a.at < b.at || (a.at === b.at && a.id < b.id);
}

/** Until the first reply; `null` without any within a day. */
export function repliedAfterMs(message: NaiveMessage, all: readonly NaiveMessage[]): number | null {
  if (!message.isInbound) return null;
  const replies = all.filter(
    (other) => !other.isInbound && pairOf(other) === pairOf(message) && isBefore(message, other),
  );
  const afterMs = Math.min(...replies.map(({ at }) => at)) - message.at;
  return afterMs <= DAY_MS ? afterMs : null;
}

export function opensConversation(message: NaiveMessage, all: readonly NaiveMessage[]): boolean {
  return !all.some(
    (other) =>
      pairOf(other) === pairOf(message) && isBefore(other, message) && message.at - other.at < DAY_MS,
  );
}

/** The exact value that so many of all are not greater than. */
export function exactPercentile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1] ?? null;
}

/** The local date, as the calendar on somebody's wall shows it. */
export function localDay(at: number, timeZone: string): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' }).format(at);
}
