/** `rejected`: Postack did not take it; `failed`: it was never sent; `undelivered`: the carrier could not deliver it. */
export type FailureState = 'rejected' | 'failed' | 'undelivered';

/** What told of it: an event, Postack when it was asked for want of receipts, or its answer to the sending. */
export type FailureSource = 'event' | 'lookup' | 'rejection';

/**
 * Why a message is not sent again.
 *
 * - `not-retryable`: by the catalogue, it would fail again
 * - `not-by-event`: no event tells of it, but an answer of Postack: too late, or to a request that would be refused again
 * - `not-ours`: it was not sent by this backend's outbox
 * - `is-confirmation`: an opt-out is confirmed once; a second confirmation would come too late to be one
 * - `too-late`: it failed more than a day ago
 * - `attempts-used`: it has been sent again as often as it may (`failures.resendDelaysMs`)
 * - `may-have-arrived`: another receipt says something else
 */
export type ResendRefusal =
  | 'not-retryable'
  | 'not-by-event'
  | 'not-ours'
  | 'is-confirmation'
  | 'too-late'
  | 'attempts-used'
  | 'may-have-arrived';
