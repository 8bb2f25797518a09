import { createHash } from 'node:crypto';
import { MessageEvent } from '../events/message-event.js';
import type { PostackEvent } from '../events/postack-event.js';

/** What forms a message group, whose events an ordered listener gets one at a time: a conversation, or one message. */
export type Ordering = 'conversation' | 'message';

/**
 * The key of an event's message group: the same for all events of one conversation (two numbers, in either direction)
 * or of one message. It does not reveal the numbers. An event without these fields is a group of its own.
 */
export function orderKeyOf(event: PostackEvent, ordering: Ordering): string {
  return createHash('sha256')
    .update(JSON.stringify(groupOf(event, ordering)))
    .digest('base64url')
    .slice(0, 22);
}

function groupOf(event: PostackEvent, ordering: Ordering): unknown[] {
  if (event instanceof MessageEvent) {
    const { messageId, from, to } = event;
    if (ordering === 'message' && messageId !== null) return [messageId];
    if (ordering === 'conversation' && from !== null && to !== null) return [from, to].sort();
  }
  return ['event', event.endpoint, event.id];
}
