import { storableText } from '../../errors/storable-text.js';
import { readThrown } from '../../errors/thrown.js';
import { MessageEvent } from '../../events/message-event.js';
import { maskPhoneNumber } from '../../events/phone-number.js';
import type { PostackEvent } from '../../events/postack-event.js';

/** An error of a handler as it is stored: bounded in size, and without the payload of the event. */
export interface RecordedError {
  /** When it happened, ISO 8601 UTC. */
  at: string;
  /** The error's class. */
  name: string;
  /** The error's message, cut to 1,000 characters. */
  message: string;
  /** The stack, cut to 4,000 characters; `null` when something other than an `Error` was thrown. */
  stack: string | null;
}

const MAX_NAME_LENGTH = 200;
const MAX_MESSAGE_LENGTH = 1000;
const MAX_STACK_LENGTH = 4000;

/** Shorter texts are not removed: they may occur in any word. */
const MIN_TEXT_LENGTH = 4;

/** Makes the record of whatever was thrown while `events` were handled. */
export function recordedError(
  error: unknown,
  events: readonly PostackEvent[],
  at = new Date(),
): RecordedError {
  const { name, message, stack } = readThrown(error);
  const storable = (text: string, maxLength: number) => storableText(withoutPayload(text, events), maxLength);
  return {
    at: at.toISOString(),
    name: storable(name, MAX_NAME_LENGTH),
    message: storable(message, MAX_MESSAGE_LENGTH),
    stack: stack === null ? null : storable(stack, MAX_STACK_LENGTH),
  };
}

/** Removes the texts and phone numbers of events from an error text: error messages often quote their input. */
export function withoutPayload(text: string, events: readonly PostackEvent[]): string {
  let result = text;
  for (const event of events) {
    if (!(event instanceof MessageEvent)) continue;
    if (event.text !== null && event.text.length >= MIN_TEXT_LENGTH)
      result = result.replaceAll(event.text, '(text)');
    for (const number of [event.from, event.to]) {
      if (number !== null && number.length >= MIN_TEXT_LENGTH) {
        result = result.replaceAll(number, maskPhoneNumber(number));
      }
    }
  }
  return result;
}
