import { MessageDeliveredEvent } from './message-delivered.event.js';
import type { MessageFields } from './message-event.js';
import { MessageFailedEvent } from './message-failed.event.js';
import { MessageQueuedEvent } from './message-queued.event.js';
import { MessageReceivedEvent } from './message-received.event.js';
import { MessageSentEvent } from './message-sent.event.js';
import { MessageUndeliveredEvent } from './message-undelivered.event.js';
import type { PostackEventEnvelope } from './postack-event.js';
import { type UnknownPostackEvent } from './unknown-postack.event.js';

/**
 * The list of events that this package knows, in the order of a message's life cycle. Names, types, documentation and
 * the default of the `eventTypes` option are derived from it. Postack does not publish a catalogue: these names are
 * defaults, and the option adds or renames types.
 */
export const KNOWN_EVENTS = [
  MessageReceivedEvent,
  MessageQueuedEvent,
  MessageSentEvent,
  MessageDeliveredEvent,
  MessageUndeliveredEvent,
  MessageFailedEvent,
] as const;

/** The class of one known event. */
export type KnownEventClass = (typeof KNOWN_EVENTS)[number];

/** One of the known events. */
export type KnownPostackEvent = InstanceType<KnownEventClass>;

/** The type name of a known event: `message.received`, … */
export type KnownEventType = KnownEventClass['type'];

/** Any event that a listener on `'*'` may get. Narrow it with `instanceof` or by `type`. */
export type AnyPostackEvent = KnownPostackEvent | UnknownPostackEvent;

/** The names of all known events. */
export const KNOWN_EVENT_TYPES: readonly KnownEventType[] = KNOWN_EVENTS.map((eventClass) => eventClass.type);

/** The shape that every class of `eventTypes` has. */
export type MessageEventClass = KnownEventClass &
  (new (envelope: PostackEventEnvelope, fields: MessageFields) => KnownPostackEvent);

/** Whether this is the type name of a known event. */
export function isKnownType(name: string): name is KnownEventType {
  return KNOWN_EVENTS.some(({ type }) => type === name);
}

/** What an event is taken for, by name; `ignored`: it is of no interest. */
export type EventTypeName =
  | 'message.received'
  | 'message.queued'
  | 'message.sent'
  | 'message.delivered'
  | 'message.undelivered'
  | 'message.failed'
  | 'ignored';

/** What an event is taken for: the class of a known event, or a name. */
export type EventKind = MessageEventClass | EventTypeName;

/** The type name of events that are taken for this. */
export function typeOf(kind: EventKind): KnownEventType | 'unknown' {
  if (kind === 'ignored') return 'unknown';
  return typeof kind === 'string' ? kind : kind.type;
}

/** Type on the wire → what events of it are taken for. */
export type EventTypeMap = Readonly<Record<string, EventKind>>;

/** The wire type of each known event is its own name. */
export const DEFAULT_EVENT_TYPES: EventTypeMap = Object.fromEntries(
  KNOWN_EVENTS.map((eventClass) => [eventClass.type, eventClass]),
);
