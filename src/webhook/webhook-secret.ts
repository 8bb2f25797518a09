import { createHash, createSecretKey, type KeyObject } from 'node:crypto';

/** A signing secret, parsed once and used for every request. */
export interface WebhookSecret {
  /** A `KeyObject`: HMAC with one costs a fifth of HMAC with raw bytes. */
  readonly key: KeyObject;
  /** First 8 hex digits of the SHA-256 of the key: identifies a secret without revealing it. */
  readonly fingerprint: string;
}

/** A secret that cannot be used; the message gives the reason, never the secret. */
export class WebhookSecretError extends Error {
  readonly code = 'POSTACK_SECRET_INVALID';
  override readonly name = 'WebhookSecretError';
}

/** Length of the decoded key, from the Standard Webhooks specification. */
export const MIN_SECRET_BYTES = 24;
/** Length of the decoded key, from the Standard Webhooks specification. */
export const MAX_SECRET_BYTES = 64;

const PREFIX = 'whsec_';
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Reads a secret as Postack's endpoint page shows it: `whsec_` and the base64 of 24 to 64 bytes.
 *
 * @throws {WebhookSecretError} when it is anything else.
 */
export function parseWebhookSecret(secret: string): WebhookSecret {
  if (/^["'`“‘]/.test(secret)) {
    throw new WebhookSecretError(
      'a webhook secret has no quotation marks around it; this one begins with one (docker --env-file keeps them)',
    );
  }
  if (!secret.startsWith(PREFIX)) {
    throw new WebhookSecretError(
      `a webhook secret starts with "${PREFIX}"; copy all of it from the endpoint's details page at Postack`,
    );
  }
  const base64 = secret.slice(PREFIX.length);
  if (!BASE64.test(base64)) {
    throw new WebhookSecretError(
      `the part of a webhook secret after "${PREFIX}" must be base64, with its padding`,
    );
  }
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length < MIN_SECRET_BYTES || bytes.length > MAX_SECRET_BYTES) {
    throw new WebhookSecretError(
      `a webhook secret holds ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES} bytes; this one holds ${bytes.length}`,
    );
  }
  return {
    key: createSecretKey(bytes),
    fingerprint: createHash('sha256').update(bytes).digest('hex').slice(0, 8),
  };
}
