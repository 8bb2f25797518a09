import { randomUUID } from 'node:crypto';
import { createSignature } from '../webhook/svix-signature.js';
import { parseWebhookSecret } from '../webhook/webhook-secret.js';

/** Options of `signWebhook`. */
export interface SignWebhookOptions {
  /** Secret of the endpoint, `whsec_…`. */
  secret: string;
  /** Bytes and strings are sent as they are, any other value as JSON. */
  body: unknown;
  /** Id of the event. Default: a new one, `msg_…`. */
  id?: string;
  /** Signed timestamp. Default: now. */
  at?: Date;
  /** Header names: Svix's own, or those of the Standard Webhooks specification. Default `svix`. */
  headers?: 'svix' | 'webhook';
}

/** A webhook, ready to post. */
export interface SignedWebhook {
  id: string;
  headers: Record<string, string>;
  /** The signed bytes; post them unchanged. */
  body: Buffer<ArrayBuffer>;
}

/**
 * Signs a webhook as Postack does.
 *
 * @example
 * ```ts
 * const { headers, body } = signWebhook({ secret, body: { type: 'message.received', data: { id: 'SM1' } } });
 * await fetch(url, { method: 'POST', headers, body });
 * ```
 * @throws {WebhookSecretError} when the secret is malformed.
 */
export function signWebhook({ secret, body, id, at, headers = 'svix' }: SignWebhookOptions): SignedWebhook {
  const messageId = id ?? `msg_${randomUUID().replaceAll('-', '')}`;
  const seconds = Math.floor((at?.getTime() ?? Date.now()) / 1000);
  const bytes = bytesOf(body);
  return {
    id: messageId,
    headers: {
      'content-type': 'application/json',
      [`${headers}-id`]: messageId,
      [`${headers}-timestamp`]: String(seconds),
      [`${headers}-signature`]: createSignature(parseWebhookSecret(secret), messageId, seconds, bytes),
    },
    body: bytes,
  };
}

function bytesOf(body: unknown): Buffer<ArrayBuffer> {
  if (body instanceof Uint8Array) return Buffer.from(body);
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}
