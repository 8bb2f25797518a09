import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { WebhookSecret } from './webhook-secret.js';

/**
 * Why a request is not authentic. Each is a stable value for logs and metrics; the sender is never told.
 *
 * - `missing-header`: id, timestamp or signature header absent or empty
 * - `malformed-id`: the id is longer than 1,000 characters
 * - `malformed-timestamp`: the timestamp is not a plain whole number of seconds
 * - `timestamp-too-old`, `timestamp-too-new`: outside the tolerance; a replayed request, or a wrong clock
 * - `no-matching-signature`: no `v1` signature fits any of the secrets
 */
export type SignatureFault =
  | 'missing-header'
  | 'malformed-id'
  | 'malformed-timestamp'
  | 'timestamp-too-old'
  | 'timestamp-too-new'
  | 'no-matching-signature';

/** The request is not from Postack, or was changed on its way. */
export class SignatureError extends Error {
  readonly code = 'POSTACK_SIGNATURE_INVALID';
  override readonly name = 'SignatureError';

  constructor(readonly fault: SignatureFault) {
    super(`The webhook's signature does not verify: ${fault}`);
  }
}

/** What a verified signature proves. */
export interface VerifiedSignature {
  /** The `svix-id` header: one value for all deliveries of an event. */
  id: string;
  /** When the sender signed, in milliseconds since 1970. */
  signedAtMs: number;
  /** Our clock minus the sender's, in milliseconds (to the second): transit time and clock error together. */
  clockSkewMs: number;
  /** Which secret fits, by its fingerprint. */
  secretFingerprint: string;
}

/** Default tolerance for the signed timestamp, from the Standard Webhooks specification: 5 minutes. */
export const DEFAULT_TIMESTAMP_TOLERANCE_MS = 5 * 60_000;

/** The longest id taken. An index of PostgreSQL takes entries of up to 2,704 bytes, a character can take two; Svix's ids have at most 256. */
const MAX_ID_LENGTH = 1000;

/** A `v1` signature is the base64 of a SHA-256: 44 characters. */
const SIGNATURE_LENGTH = 44;

/** Whole seconds since 1970 without sign, leading zero or fraction. */
const TIMESTAMP = /^(?:0|[1-9]\d{0,12})$/;

/**
 * Verifies a webhook by the Svix scheme, which is that of the Standard Webhooks specification: the signature
 * header holds, separated by spaces, entries `v1,<base64 HMAC-SHA256 of "id.timestamp.body">`, of which one
 * must fit one of the secrets. Each header may be `svix-…` or `webhook-…`. Entries of other versions are
 * ignored. Compared in constant time.
 *
 * @param headers Lower-cased, as Node gives them.
 * @param body The bytes exactly as received.
 * @param secrets Newest first.
 * @param toleranceMs How far the signed timestamp may be from `nowMs`, in either direction.
 * @throws {SignatureError} with the `fault`.
 */
export function verifySignature(
  headers: IncomingHttpHeaders,
  body: Uint8Array,
  secrets: readonly WebhookSecret[],
  toleranceMs = DEFAULT_TIMESTAMP_TOLERANCE_MS,
  nowMs = Date.now(),
): VerifiedSignature {
  const id = header(headers, 'id');
  const timestamp = header(headers, 'timestamp');
  const signatures = header(headers, 'signature');
  if (!id || !timestamp || !signatures) throw new SignatureError('missing-header');
  if (id.length > MAX_ID_LENGTH) throw new SignatureError('malformed-id');
  if (!TIMESTAMP.test(timestamp)) throw new SignatureError('malformed-timestamp');

  // Whole seconds on both sides, as the senders' own libraries count.
  const nowSeconds = Math.floor(nowMs / 1000);
  const skewSeconds = nowSeconds - Number(timestamp);
  if (skewSeconds * 1000 > toleranceMs) throw new SignatureError('timestamp-too-old');
  if (-skewSeconds * 1000 > toleranceMs) throw new SignatureError('timestamp-too-new');

  const candidates = candidateSignatures(signatures);
  if (candidates.length > 0) {
    for (const secret of secrets) {
      const expected = Buffer.from(hmac(secret, id, timestamp, body), 'latin1');
      for (const candidate of candidates) {
        if (timingSafeEqual(candidate, expected)) {
          return {
            id,
            signedAtMs: Number(timestamp) * 1000,
            clockSkewMs: skewSeconds * 1000,
            secretFingerprint: secret.fingerprint,
          };
        }
      }
    }
  }
  throw new SignatureError('no-matching-signature');
}

/** The value for a `svix-signature` header. The same code signs in tests and in the test event command. */
export function createSignature(
  secret: WebhookSecret,
  id: string,
  timestampSeconds: number,
  body: Uint8Array,
): string {
  return `v1,${hmac(secret, id, String(timestampSeconds), body)}`;
}

function hmac(secret: WebhookSecret, id: string, timestamp: string, body: Uint8Array): string {
  return createHmac('sha256', secret.key).update(`${id}.${timestamp}.`).update(body).digest('base64');
}

/** Header by header, Svix's own name first: what the `svix` package does. */
function header(headers: IncomingHttpHeaders, name: 'id' | 'timestamp' | 'signature'): string | undefined {
  const value = headers[`svix-${name}`] ?? headers[`webhook-${name}`];
  return typeof value === 'string' ? value : undefined;
}

function candidateSignatures(header: string): Buffer[] {
  const candidates: Buffer[] = [];
  for (const entry of header.split(' ')) {
    const [version, signature] = entry.split(',', 2);
    if (version !== 'v1' || signature?.length !== SIGNATURE_LENGTH) continue;
    // Not as latin1: that would fold characters beyond it onto the letters of base64.
    const candidate = Buffer.from(signature);
    if (candidate.length === SIGNATURE_LENGTH) candidates.push(candidate);
  }
  return candidates;
}
