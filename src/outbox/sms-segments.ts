import { SegmentedMessage } from 'sms-segments-calculator';
import { InvalidRequestError } from '../errors/request-errors.js';
import type { SmsEncoding } from './outbox-message.js';

/** Encoding and size of a text. */
export interface SmsSize {
  encoding: SmsEncoding;
  /** Number of segments, each of which is billed. */
  segments: number;
}

/** The text is empty or too long to be sent. */
export class UnsendableTextError extends InvalidRequestError {
  readonly code = 'POSTACK_TEXT_UNSENDABLE';
  override readonly name = 'UnsendableTextError';
}

/** Upper bound on the characters of a segment: those of a single GSM-7 segment. */
const LONGEST_SEGMENT = 160;

/** UTF-16 code units in each of several segments. */
const UCS2_UNITS = 67;

/**
 * Counts the segments of a text: one holds 160 GSM-7 characters or 70 UTF-16 code units; each of several holds 153 or 67
 * (3GPP TS 23.038 and 23.040). An escaped character, a surrogate pair or an emoji is never split.
 */
export function smsSegments(text: string): SmsSize {
  const { encodingName: encoding, segmentsCount } = new SegmentedMessage(text);
  // The calculator never splits a grapheme: a letter with hundreds of accents would always be one segment.
  const atLeast = encoding === 'UCS-2' && segmentsCount > 1 ? Math.ceil(text.length / UCS2_UNITS) : 1;
  return { encoding, segments: Math.max(segmentsCount, atLeast) };
}

/** Size of a text to be sent. @throws {UnsendableTextError} when it is blank or has more than `maxSegments` segments. */
export function checkSmsText(text: string, maxSegments: number): SmsSize {
  if (text.trim() === '') throw new UnsendableTextError('The text is empty');
  // Counting the segments of a long text is slow, and such a text cannot fit.
  if (text.length > maxSegments * LONGEST_SEGMENT) {
    throw tooLong(`has ${text.length} characters, too many for ${maxSegments} segments`);
  }
  const size = smsSegments(text);
  if (size.segments > maxSegments) {
    throw tooLong(`has ${size.segments} segments (${size.encoding}); the maximum is ${maxSegments}`);
  }
  return size;
}

function tooLong(problem: string): UnsendableTextError {
  return new UnsendableTextError(`The text ${problem}. Shorten it, or raise "replies.maxSegments"`);
}
