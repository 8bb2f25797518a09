import { createSignature } from '../webhook/svix-signature.js';
import type { AlertEntity } from './alert.entity.js';
import type { AlertWebhookTarget } from './alerts.options.js';

/** What has become of an alert. */
export type AlertChange = 'raised' | 'resolved';

/** An answer has to be there by then. */
const TIMEOUT_MS = 15_000;

/** The receiver of alerts has answered something else than 2xx. */
export class AlertWebhookRefusedError extends Error {
  readonly code = 'POSTACK_ALERT_WEBHOOK_REFUSED';
  override readonly name = 'AlertWebhookRefusedError';

  constructor(status: number) {
    super(
      `The receiver of alerts answered ${status}; look into its log, and check the option "alerts.webhook" ` +
        '(POSTACK_ALERT_WEBHOOK_URL, POSTACK_ALERT_WEBHOOK_SECRET)',
    );
  }
}

/** The receiver of alerts has not answered. */
export class AlertWebhookUnreachableError extends Error {
  readonly code = 'POSTACK_ALERT_WEBHOOK_UNREACHABLE';
  override readonly name = 'AlertWebhookUnreachableError';

  constructor(cause: unknown) {
    super(
      `The receiver of alerts has not answered (${reasonOf(cause)}); check that it runs, and the option ` +
        '"alerts.webhook" (POSTACK_ALERT_WEBHOOK_URL)',
      { cause },
    );
  }
}

/** Why `fetch` failed, without the URL, in which there may be a secret. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const { cause } = error;
  const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code : error.name;
}

/**
 * Posts an alert, signed by the Standard Webhooks specification: `webhook-id` is the same at every attempt, the body
 * `{ type: 'alert.raised' | 'alert.resolved', timestamp, data }` with the alert as data.
 *
 * @throws {AlertWebhookRefusedError} unless the answer is 2xx; redirects are not followed.
 * @throws {AlertWebhookUnreachableError} when there is no answer within 15 seconds, or `signal` ends it.
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
