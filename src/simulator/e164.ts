/** A phone number as the E.164 recommendation of the ITU writes it: `+`, then at most 15 digits. */
const E164 = /^\+[1-9]\d{1,14}$/;

/** Whether it is written as a phone number should be; not whether anybody has it. */
export function isE164(number: string): boolean {
  return E164.test(number);
}
