import { SegmentedMessage } from 'sms-segments-calculator';
import { InvalidRequestError } from '../errors/request-errors.js';
import type { SmsEncoding } from './outbox-message.js';

/** How a text travels. */
export interface SmsSize {
  encoding: SmsEncoding;
  /** Parts, each of which is billed. */
  segments: number;
}

/** A text that cannot be sent as it is: nothing in it, or too much. */
export class UnsendableTextError extends InvalidRequestError {
  readonly code = 'POSTACK_TEXT_UNSENDABLE';
  override readonly name = 'UnsendableTextError';
}

/** More than one part has; several parts have fewer each. */
const LONGEST_SEGMENT = 160;

/** UTF-16 units in each of several parts. */
const UCS2_UNITS = 67;

/**
 * How many parts a text takes: 160 characters of GSM-7 or 70 UTF-16 units in one, else 153 or 67 in each (3GPP TS
 * 23.038 and 23.040). An escaped character, a surrogate pair or an emoji is never split.
 */
export function smsSegments(text: string): SmsSize {
  const { encodingName: encoding, segmentsCount } = new SegmentedMessage(text);
  // A letter with hundreds of accents counts as one character there, and is never split.
  const atLeast = encoding === 'UCS-2' && segmentsCount > 1 ? Math.ceil(text.length / UCS2_UNITS) : 1;
  return { encoding, segments: Math.max(segmentsCount, atLeast) };
}

/** The size of a text that may be sent. @throws {UnsendableTextError} when it is blank, or takes too many parts. */
export function checkSmsText(text: string, maxSegments: number): SmsSize {
  if (text.trim() === '') throw new UnsendableTextError('The text is empty: nothing can be sent');
  // Counting takes time, and so long a text cannot fit.
  if (text.length > maxSegments * LONGEST_SEGMENT) {
    throw tooLong(`has ${text.length} characters, more than fit in ${maxSegments} parts`, maxSegments);
  }
  const size = smsSegments(text);
  if (size.segments > maxSegments) {
    throw tooLong(`takes ${size.segments} parts in ${size.encoding}`, maxSegments);
  }
  return size;
}

function tooLong(how: string, maxSegments: number): UnsendableTextError {
  return new UnsendableTextError(
    `The text ${how}; at most ${maxSegments} may be sent (replies.maxSegments): shorten it, or raise the limit`,
  );
}
