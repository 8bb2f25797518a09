/** The most characters of a reason that a person gives for a decision. */
export const MAX_REASON_LENGTH = 1000;

/**
 * The trimmed reason.
 *
 * @param invalid Creates the error for a reason that is empty, too long, or has a NUL character.
 */
export function checkedReason(reason: string, invalid: new (message: string) => Error): string {
  const trimmed = reason.trim().toWellFormed();
  if (trimmed.includes('\0')) throw new invalid('"reason" must not contain the character NUL (U+0000)');
  if (trimmed !== '' && trimmed.length <= MAX_REASON_LENGTH) return trimmed;
  throw new invalid(`"reason" must be a text of 1 to ${MAX_REASON_LENGTH} characters`);
}
