import { type Reply, ReplyScope } from '../events/reply-scope.js';
import { checkSmsText } from '../outbox/sms-segments.js';

/** A reply that a listener gave in a unit test. */
export interface RecordedReply {
  /** Your number: the recipient of the message that is answered. */
  from: string | null;
  /** The customer. */
  to: string | null;
  text: string;
  /** The same each time the listener gives this reply to this event. */
  idempotencyKey: string;
}

/** Segments of the longest reply, as by the option `replies.maxSegments`. */
const MAX_SEGMENTS = 10;

/**
 * Calls a listener, and returns the replies that it gave with `event.reply()`. Nothing is stored or sent; send rules do not
 * apply.
 *
 * @param options.listener Its name, for the idempotency keys. Default `test`.
 * @param options.maxSegments As the option of the module. Default 10.
 * @throws what the listener throws; {UnsendableTextError} for an empty or a too long text.
 *
 * @example
 * ```ts
 * const [reply] = await recordReplies(() => greeter.onReceived(event, testContext()));
 * ```
 */
export async function recordReplies(
  call: () => unknown,
  { listener = 'test', maxSegments = MAX_SEGMENTS }: { listener?: string; maxSegments?: number } = {},
): Promise<RecordedReply[]> {
  const replies: RecordedReply[] = [];
  const sink = {
    reply: ({ event, text, idempotencyKey }: Reply) => {
      checkSmsText(text, maxSegments);
      const isDuplicate = replies.some((one) => one.idempotencyKey === idempotencyKey);
      if (!isDuplicate) replies.push({ from: event.to, to: event.from, text, idempotencyKey });
      return Promise.resolve({ id: idempotencyKey, isDuplicate });
    },
  };
  await new ReplyScope(listener, sink, () => false).run(async () => await call());
  return replies;
}
