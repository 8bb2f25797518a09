/** A message as its conversation sees it. */
export interface ConversationEntry {
  messageId: string;
  isInbound: boolean;
  /** When its first event happened, in milliseconds since 1970. */
  atMs: number;
}

/** What a message means to its conversation. */
export interface ConversationFigures {
  /** It opens the conversation: nobody has written for `CONVERSATION_GAP_MS`. */
  isOpening: boolean;
  /** Of an inbound message: how long until the next outbound one; `null` without any within `REPLY_WINDOW_MS`. */
  replyAfterMs: number | null;
}

/** After a silence of 24 hours, whoever writes opens a new conversation. */
export const CONVERSATION_GAP_MS = 24 * 60 * 60_000;

/** What is sent later than 24 hours after a message is no reply to it. */
export const REPLY_WINDOW_MS = 24 * 60 * 60_000;

/** In the order of time, at the same time in that of the ids: whatever the order of arrival, it is the same. */
export function inOrder(a: ConversationEntry, b: ConversationEntry): number {
  if (a.atMs !== b.atMs) return a.atMs - b.atMs;
  return a.messageId < b.messageId ? -1 : a.messageId > b.messageId ? 1 : 0;
}

/** The figures of each message of one conversation, by its id. */
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
