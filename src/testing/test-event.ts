import { randomUUID } from 'node:crypto';
import type { KnownEventClass } from '../events/event-types.js';
import { MESSAGE_FIELDS, type MessageFields } from '../events/message-event.js';
import type { PostackEventEnvelope } from '../events/postack-event.js';
import { UnknownPostackEvent } from '../events/unknown-postack.event.js';
import type { ListenerContext } from '../listeners/listener-context.js';

/** What an event of a test is to have; the rest is filled in. */
export type TestEventFields = Partial<MessageFields & PostackEventEnvelope>;

/** Numbers that are reserved for fiction. */
const CUSTOMER = '+15550100001';
const OWN_NUMBER = '+15550100002';

const ENVELOPE_FIELDS = ['id', 'endpoint', 'wireType', 'occurredAt', 'receivedAt', 'payload'] as const;

/**
 * An event to call a listener with in a unit test: without an application, a database or a signature.
 *
 * @param type Class of the event.
 * @param fields Fields of the event. Default: a new message id, a customer's number and one of yours, the text `Hello` if
 *   it was received, now.
 * @throws {TypeError} for a field that events do not have.
 *
 * @example
 * ```ts
 * await greeter.onReceived(testEvent(MessageReceivedEvent, { text: 'HOURS' }), testContext());
 * ```
 */
export function testEvent<EventClass extends KnownEventClass | typeof UnknownPostackEvent>(
  type: EventClass,
  fields: TestEventFields = {},
): InstanceType<EventClass> {
  const known: readonly string[] = [...ENVELOPE_FIELDS, ...MESSAGE_FIELDS];
  const unknown = Object.keys(fields).filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new TypeError(`Events have no field ${unknown.join(', ')}; there are ${known.join(', ')}`);
  }
  const now = new Date();
  const isReceived = type.type === 'message.received';
  const message: MessageFields = {
    messageId: `SM${randomUUID().replaceAll('-', '')}`,
    from: isReceived ? CUSTOMER : OWN_NUMBER,
    to: isReceived ? OWN_NUMBER : CUSTOMER,
    text: isReceived ? 'Hello' : null,
    status: null,
    errorCode: null,
    errorMessage: null,
    segments: null,
    ...pick(fields, MESSAGE_FIELDS),
  };
  const wireType = fields.wireType ?? type.type;
  const envelope: PostackEventEnvelope = {
    id: `msg_${randomUUID().replaceAll('-', '')}`,
    endpoint: 'default',
    wireType,
    occurredAt: now,
    receivedAt: now,
    payload: { type: wireType, timestamp: now.toISOString(), data: { ...message } },
    ...pick(fields, ENVELOPE_FIELDS),
  };
  const event =
    type === UnknownPostackEvent ? new type(envelope) : new (type as KnownEventClass)(envelope, message);
  return event as InstanceType<EventClass>;
}

/** The second argument of a listener in a unit test: its first call for a new event, with time enough. */
export function testContext(context: Partial<ListenerContext> = {}): ListenerContext {
  const { signal } = new AbortController();
  return { listener: 'test', attempt: 1, reason: 'initial', replayId: null, signal, ...context };
}

function pick<Fields extends object, Name extends keyof Fields>(
  fields: Fields,
  names: readonly Name[],
): Pick<Fields, Name> {
  const given = names.filter((name) => fields[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, fields[name]])) as Pick<Fields, Name>;
}
