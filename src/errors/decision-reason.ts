/** The most characters of a reason that a person gives for a decision. */
export const MAX_REASON_LENGTH = 1000;

/**
 * The trimmed reason.
 *
 * @param invalid Creates the error for a reason that is empty, too long, or has a NUL character.
 */
export function checkedReason(reason: string, invalid: new (message: string) => Error): string {
  const trimmed = reason.trim().toWellFormed();
  if (trimmed !== '' && trimmed.length <= MAX_REASON_LENGTH && !trimmed.includes('\0')) return trimmed;
  throw new invalid(`"reason" must be a text of 1 to ${MAX_REASON_LENGTH} characters`);
}
