import type { KnownEventType, KnownPostackEvent } from '../events/event-types.js';
import { mergeFacts, type DeliveryFact, type DeliveryState } from './delivery-state.js';
import type { MessageEntity } from './message.entity.js';

const STATE_OF: Record<KnownEventType, DeliveryState> = {
  'message.received': 'received',
  'message.queued': 'queued',
  'message.sent': 'sent',
  'message.delivered': 'delivered',
  'message.undelivered': 'undelivered',
  'message.failed': 'failed',
};

/** Stands for the event in a fact that was requested from Postack. */
export const LOOKUP = 'lookup';

/** A message event without a message id. */
export class MissingMessageIdError extends Error {
  readonly code = 'POSTACK_MESSAGE_ID_MISSING';
  override readonly name = 'MissingMessageIdError';

  constructor(eventId: string) {
    super(
      `Event ${eventId} has no message id. If Postack sends the id under another name, ` +
        'set the option "payload.messageId" to its path and replay the event.',
    );
  }
}

/** The state of a message according to one event. @throws {MissingMessageIdError} */
export function messageOf(event: KnownPostackEvent): MessageEntity {
  if (event.messageId === null) throw new MissingMessageIdError(event.id);
  const state = STATE_OF[event.type];
  const isFailure = state === 'undelivered' || state === 'failed';
  const fact: DeliveryFact = {
    state,
    at: event.occurredAt.toISOString(),
    eventId: event.id,
    errorCode: isFailure ? event.errorCode : null,
  };
  return {
    id: event.messageId,
    direction: state === 'received' ? 'inbound' : 'outbound',
    ...deliveryColumns([], [fact]),
    from: event.from,
    to: event.to,
    text: event.text,
    segments: event.segments,
    firstEventAt: event.occurredAt,
    lastEventAt: event.occurredAt,
  };
}

/** The state of a message that Postack accepted from the outbox. */
export function acceptedMessage({
  acceptedAt,
  ...message
}: Pick<MessageEntity, 'id' | 'from' | 'to' | 'text' | 'segments'> & { acceptedAt: Date }): MessageEntity {
  const at = acceptedAt.toISOString();
  return {
    ...message,
    direction: 'outbound',
    ...deliveryColumns([], [{ state: 'accepted', at, eventId: 'outbox', errorCode: null }]),
    firstEventAt: acceptedAt,
    lastEventAt: acceptedAt,
  };
}

/** Merges two partial views of one message; their order makes no difference. */
export function mergeMessages(a: MessageEntity, b: MessageEntity): MessageEntity {
  return {
    id: a.id,
    direction: a.direction === 'inbound' ? 'inbound' : b.direction,
    ...deliveryColumns(reportsOf(a), reportsOf(b)),
    ...mergedFields(a, b),
    firstEventAt: a.firstEventAt < b.firstEventAt ? a.firstEventAt : b.firstEventAt,
    lastEventAt: a.lastEventAt > b.lastEventAt ? a.lastEventAt : b.lastEventAt,
  };
}

/**
 * What is left of a message without what some events said about it; `null` if that is nothing.
 *
 * @param now The message as the same events report it now. Where it has a value, that replaces what they said before.
 */
export function withoutReports(
  message: MessageEntity,
  events: readonly KnownPostackEvent[],
  now: MessageEntity | undefined,
): MessageEntity | null {
  const ids = new Set(events.map(({ id }) => id));
  const reports = reportsOf(message).filter(({ eventId }) => !ids.has(eventId));
  if (reports.length === 0) return null;
  const times = reports.map(({ at }) => Date.parse(at));
  const rest = <Field extends 'from' | 'to' | 'text' | 'segments'>(field: Field) => {
    const isReplaced = now?.[field] != null && events.some((event) => event[field] === message[field]);
    return isReplaced ? null : message[field];
  };
  return {
    id: message.id,
    direction: reports.some(({ state }) => state === 'received') ? 'inbound' : 'outbound',
    ...deliveryColumns([], reports),
    from: rest('from'),
    to: rest('to'),
    text: rest('text'),
    segments: rest('segments'),
    firstEventAt: new Date(Math.min(...times)),
    lastEventAt: new Date(Math.max(...times)),
  };
}

function deliveryColumns(known: readonly DeliveryFact[], added: readonly DeliveryFact[]) {
  const { stateAt, ...record } = mergeFacts(known, added);
  return { ...record, stateAt: new Date(stateAt) };
}

function reportsOf({
  reports,
  history,
}: Pick<MessageEntity, 'reports' | 'history'>): readonly DeliveryFact[] {
  return reports ?? history;
}

/** Of two messages with one id, the fields of the one that came in: fields of both would describe neither. */
function mergedFields(
  a: MessageEntity,
  b: MessageEntity,
): Pick<MessageEntity, 'from' | 'to' | 'text' | 'segments'> {
  if (a.direction !== b.direction) {
    const { from, to, text, segments } = a.direction === 'inbound' ? a : b;
    return { from, to, text, segments };
  }
  return {
    from: either(a.from, b.from),
    to: either(a.to, b.to),
    text: either(a.text, b.text),
    segments: either(a.segments, b.segments),
  };
}

/** The known value; of two that differ (which should not happen) always the same one. */
function either<T extends string | number>(a: T | null, b: T | null): T | null {
  if (a === null) return b;
  if (b === null) return a;
  return a > b ? a : b;
}
