/** A message in its conversation. */
export interface ConversationEntry {
  messageId: string;
  isInbound: boolean;
  /** Time of its first event, in milliseconds since 1970. */
  atMs: number;
}

/** Conversation metrics of one message. */
export interface ConversationFigures {
  /** Whether it opens a conversation: there was no message for `CONVERSATION_GAP_MS`. */
  isOpening: boolean;
  /** Time from an inbound message to the next outbound one; `null` if there is none within `REPLY_WINDOW_MS`. */
  replyAfterMs: number | null;
}

/** The first message after 24 hours without one opens a new conversation. */
export const CONVERSATION_GAP_MS = 24 * 60 * 60_000;

/** An outbound message more than 24 hours after an inbound one is not a reply to it. */
export const REPLY_WINDOW_MS = 24 * 60 * 60_000;

/** By time, then by id: independent of the order of arrival. */
export function inOrder(a: ConversationEntry, b: ConversationEntry): number {
  if (a.atMs !== b.atMs) return a.atMs - b.atMs;
  return a.messageId < b.messageId ? -1 : a.messageId > b.messageId ? 1 : 0;
}

/** Message id → metrics, for all messages of one conversation. */
export function conversationFigures(entries: Iterable<ConversationEntry>): Map<string, ConversationFigures> {
  const sorted = [...entries].sort(inOrder);
  const figures = new Map<string, ConversationFigures>();
  let replyAtMs = Infinity;
  for (const [index, { messageId, isInbound, atMs }] of [...sorted.entries()].reverse()) {
    const before = sorted[index - 1];
    const replyAfterMs = replyAtMs - atMs;
    figures.set(messageId, {
      isOpening: before === undefined || atMs - before.atMs >= CONVERSATION_GAP_MS,
      replyAfterMs: isInbound && replyAfterMs <= REPLY_WINDOW_MS ? replyAfterMs : null,
    });
    if (!isInbound) replyAtMs = atMs;
  }
  return figures;
}
