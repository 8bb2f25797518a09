import { isURL } from 'class-validator';
import type { AlertsOptionsInput } from '../../alerts/alerts.options.js';
import type { PostackApiAccess } from '../../postack-api/postack-api.options.js';
import { PEER_PREFIX_LENGTH } from '../../messages/message-facts.js';
import type { RepliesOptionsInput } from '../../replies/replies.options.js';
import { CURRENCY, DESTINATION, type ResolvedReports } from '../../reports/reports.options.js';
import { parseWebhookSecret, WebhookSecretError } from '../../webhook/webhook-secret.js';

/** Problems with the settings of the API and of replies, by environment variable. */
export function sendingProblems({
  api,
  replies,
}: {
  api: PostackApiAccess | undefined;
  replies: RepliesOptionsInput;
}): string[] {
  const { apiKey, requestsPerSecond, baseUrl } = api ?? {};
  const { scope, confirmations } = replies.optOut ?? {};
  const problems: string[] = [];
  if (apiKey !== undefined && !/^[\x21-\x7e]+$/.test(apiKey)) {
    problems.push('POSTACK_API_KEY must be ASCII without spaces');
  }
  if (requestsPerSecond !== undefined && !(requestsPerSecond >= 1 && requestsPerSecond <= 1000)) {
    problems.push('POSTACK_API_REQUESTS_PER_SECOND must be a whole number from 1 to 1000');
  }
  if (baseUrl !== undefined && !/^https?:\/\/[^\s?#@]+$/.test(baseUrl)) {
    problems.push('POSTACK_API_URL must look like https://api.postack.dev/v1');
  }
  if (scope !== undefined && !['all', 'number'].includes(scope)) {
    problems.push('POSTACK_OPT_OUT_SCOPE must be all or number');
  }
  if (confirmations !== undefined && !['local', 'provider', 'off'].includes(confirmations)) {
    problems.push('POSTACK_OPT_OUT_CONFIRMATIONS must be local, provider or off');
  }
  return problems;
}

/** Problems with the prices of reports. */
export function reportProblems(reports: ResolvedReports): string[] {
  if (!reports || reports.prices === null) return [];
  const { currency, perSegment } = reports.prices;
  const isRight =
    CURRENCY.test(currency) &&
    Object.entries(perSegment).every(([destination, price]) => DESTINATION.test(destination) && price >= 0);
  if (isRight) return [];
  return [
    'POSTACK_REPORT_PRICES must look like EUR DE=0.07 +4917=0.08: a currency, then the price of a segment for countries or ' +
      `prefixes of at most ${PEER_PREFIX_LENGTH - 1} digits`,
  ];
}

/** Problems with the alert webhook, by environment variable. */
export function alertProblems({ webhook }: AlertsOptionsInput): string[] {
  if (!webhook) return [];
  const problems: string[] = [];
  if (!isURL(webhook.url, { protocols: ['http', 'https'], require_protocol: true, require_tld: false })) {
    problems.push('POSTACK_ALERT_WEBHOOK_URL must look like https://example.com/alerts');
  }
  try {
    parseWebhookSecret(webhook.secret);
  } catch (error) {
    if (!(error instanceof WebhookSecretError)) throw error;
    problems.push(`POSTACK_ALERT_WEBHOOK_SECRET: ${error.message}`);
  }
  return problems;
}
