import { createSignature } from '../webhook/svix-signature.js';
import type { AlertEntity } from './alert.entity.js';
import type { AlertWebhookTarget } from './alerts.options.js';

/** A change of an alert that is reported. */
export type AlertChange = 'raised' | 'resolved';

const TIMEOUT_MS = 15_000;

/** The receiver of alerts answered with another status than 2xx. */
export class AlertWebhookRefusedError extends Error {
  readonly code = 'POSTACK_ALERT_WEBHOOK_REFUSED';
  override readonly name = 'AlertWebhookRefusedError';

  constructor(status: number) {
    super(
      `The receiver of alerts answered ${status}; check its log and the option "alerts.webhook" ` +
        '(POSTACK_ALERT_WEBHOOK_URL, POSTACK_ALERT_WEBHOOK_SECRET)',
    );
  }
}

/** The receiver of alerts did not answer. */
export class AlertWebhookUnreachableError extends Error {
  readonly code = 'POSTACK_ALERT_WEBHOOK_UNREACHABLE';
  override readonly name = 'AlertWebhookUnreachableError';

  constructor(cause: unknown) {
    super(
      `The receiver of alerts did not answer (${reasonOf(cause)}); check that it is running, and the option ` +
        '"alerts.webhook" (POSTACK_ALERT_WEBHOOK_URL)',
      { cause },
    );
  }
}

/** Why `fetch` failed, without the URL, which may contain a secret. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const { cause } = error;
  const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code : error.name;
}

/**
 * Posts an alert, signed according to the Standard Webhooks specification. The `webhook-id` is the same for every
 * attempt; the body is `{ type: 'alert.raised' | 'alert.resolved', timestamp, data }` with the alert as `data`.
 *
 * @throws {AlertWebhookRefusedError} unless the status is 2xx; redirects are not followed.
 * @throws {AlertWebhookUnreachableError} without an answer within 15 seconds, or when `signal` aborts.
 */
export async function postAlert(
  { url, secret }: AlertWebhookTarget,
  alert: AlertEntity,
  change: AlertChange,
  signal: AbortSignal,
  now: Date = new Date(),
): Promise<void> {
  const { webhook: _state, ...data } = alert;
  const happenedAt = change === 'raised' ? alert.openedAt : alert.resolvedAt;
  const body = Buffer.from(JSON.stringify({ type: `alert.${change}`, timestamp: happenedAt, data }));
  const id = `alert_${alert.id}_${change}`;
  const seconds = Math.floor(now.getTime() / 1000);
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(seconds),
      'webhook-signature': createSignature(secret, id, seconds, body),
    },
    body,
    redirect: 'manual',
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  }).catch((error: unknown) => {
    throw new AlertWebhookUnreachableError(error);
  });
  await answer.body?.cancel();
  if (!answer.ok) throw new AlertWebhookRefusedError(answer.status);
}
