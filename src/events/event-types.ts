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
 * The one list of events this package knows, in the order of a message's life. Names, types, documentation
 * and the default of the `eventTypes` option come from it. Postack does not publish a catalogue; these are the
 * documented defaults of the design, and an option adds or renames.
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

/** Whatever a listener on `'*'` may get. Narrow it with `instanceof` or by `type`. */
export type AnyPostackEvent = KnownPostackEvent | UnknownPostackEvent;

/** The names of all known events. */
export const KNOWN_EVENT_TYPES: readonly KnownEventType[] = KNOWN_EVENTS.map((eventClass) => eventClass.type);

/** The shape that every class of `eventTypes` has. */
export type MessageEventClass = KnownEventClass &
  (new (envelope: PostackEventEnvelope, fields: MessageFields) => KnownPostackEvent);

/** Type on the wire → the class that it becomes. */
export type EventTypeMap = Readonly<Record<string, MessageEventClass>>;

/** The wire type of each known event is its own name. */
export const DEFAULT_EVENT_TYPES: EventTypeMap = Object.fromEntries(
  KNOWN_EVENTS.map((eventClass) => [eventClass.type, eventClass]),
);
