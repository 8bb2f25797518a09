import type { AnyPostackEvent } from './event-types.js';
import { MESSAGE_FIELDS, MessageEvent } from './message-event.js';
import { isIgnored } from './unknown-postack.event.js';

/** Whether two readings of one stored event say the same. */
export function isSameReading(a: AnyPostackEvent, b: AnyPostackEvent): boolean {
  if (a.type !== b.type || a.wireType !== b.wireType || isIgnored(a) !== isIgnored(b)) return false;
  if (a.occurredAt.getTime() !== b.occurredAt.getTime()) return false;
  if (!(a instanceof MessageEvent) || !(b instanceof MessageEvent)) return true;
  return MESSAGE_FIELDS.every((field) => a[field] === b[field]);
}
