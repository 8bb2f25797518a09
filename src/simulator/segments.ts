import { SegmentedMessage } from 'sms-segments-calculator';

/** Number of SMS segments of a text, as carriers count them. */
export function segmentsOf(text: string): number {
  return new SegmentedMessage(text).segmentsCount;
}
