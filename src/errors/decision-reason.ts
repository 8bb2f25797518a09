/** The most characters of a reason that a person gives for a decision. */
export const MAX_REASON_LENGTH = 1000;
