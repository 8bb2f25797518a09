/** `rejected`: Postack did not accept it; `failed`: it was never sent; `undelivered`: the carrier could not deliver it. */
export type FailureState = 'rejected' | 'failed' | 'undelivered';

/**
 * How the failure became known.
 *
 * - `event`: a delivery receipt reported it
 * - `lookup`: delivery reconciliation found it at Postack
 * - `rejection`: Postack rejected the send request
 */
export type FailureSource = 'event' | 'lookup' | 'rejection';

/**
 * Why a message was not resent.
 *
 * - `not-retryable`: according to the catalogue, it would fail again
 * - `not-by-event`: no event reported the failure; a lookup comes too late, and a rejected request would be rejected again
 * - `not-ours`: it was not sent by this backend's outbox
 * - `is-confirmation`: an opt-out is confirmed once, immediately; a resent confirmation would be late
 * - `too-late`: it failed more than 24 hours ago
 * - `attempts-used`: all resends of `failures.resendDelaysMs` are used up
 * - `may-have-arrived`: another receipt contradicts the failure
 * - `no-api-key`: no API key of Postack is configured
 */
export type ResendRefusal =
  | 'not-retryable'
  | 'not-by-event'
  | 'not-ours'
  | 'is-confirmation'
  | 'too-late'
  | 'attempts-used'
  | 'may-have-arrived'
  | 'no-api-key';
