import { SegmentedMessage } from 'sms-segments-calculator';

/** In how many parts a text travels; by its characters, as carriers count. */
export function segmentsOf(text: string): number {
  return new SegmentedMessage(text).segmentsCount;
}
