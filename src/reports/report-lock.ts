/** Any number that nobody else uses as the first of a pair, and the one lock in that space. */
const LOCK = '1919250543, 0';

/**
 * Held, until its transaction ends, by whoever changes the rollups by what has changed in the messages and events that
 * they are made of. Any number at once.
 */
export const SHARE_REPORTS = `pg_advisory_xact_lock_shared(${LOCK})`;

/**
 * Held, until its transaction ends, by whoever makes rollups anew from those messages and events: what others have
 * changed is committed then, with its rollups, or does not show yet, and is added later.
 */
export const OWN_REPORTS = `pg_advisory_xact_lock(${LOCK})`;
