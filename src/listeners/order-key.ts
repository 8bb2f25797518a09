import { createHash } from 'node:crypto';
import { MessageEvent } from '../events/message-event.js';
import type { PostackEvent } from '../events/postack-event.js';

/** Which events an ordered listener gets one after the other: those of one conversation, or of one message. */
export type Ordering = 'conversation' | 'message';

/**
 * A key that is the same for all events of one conversation (two numbers, whoever writes) or of one message, and
 * does not show the numbers. An event that tells of neither is a line of its own.
 */
export function orderKeyOf(event: PostackEvent, ordering: Ordering): string {
  return createHash('sha256')
    .update(JSON.stringify(lineOf(event, ordering)))
    .digest('base64url')
    .slice(0, 22);
}

function lineOf(event: PostackEvent, ordering: Ordering): unknown[] {
  if (event instanceof MessageEvent) {
    const { messageId, from, to } = event;
    if (ordering === 'message' && messageId !== null) return [messageId];
    if (ordering === 'conversation' && from !== null && to !== null) return [from, to].sort();
  }
  return ['event', event.endpoint, event.id];
}
