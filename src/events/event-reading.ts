import type { AnyPostackEvent } from './event-types.js';
import { MessageEvent, type MessageFields } from './message-event.js';
import { isIgnored } from './unknown-postack.event.js';

const FIELDS = [
  'messageId',
  'from',
  'to',
  'text',
  'status',
  'errorCode',
  'errorMessage',
  'segments',
] as const satisfies (keyof MessageFields)[];

/** Whether two readings of one stored event say the same. */
export function isSameReading(a: AnyPostackEvent, b: AnyPostackEvent): boolean {
  if (a.type !== b.type || a.wireType !== b.wireType || isIgnored(a) !== isIgnored(b)) return false;
  if (a.occurredAt.getTime() !== b.occurredAt.getTime()) return false;
  if (!(a instanceof MessageEvent) || !(b instanceof MessageEvent)) return true;
  return FIELDS.every((field) => a[field] === b[field]);
}
