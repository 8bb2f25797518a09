/** ITU-T E.164: `+`, then at most 15 digits. */
const E164 = /^\+[1-9]\d{1,14}$/;

/** Whether a number has the format of E.164, assigned or not. */
export function isE164(number: string): boolean {
  return E164.test(number);
}
