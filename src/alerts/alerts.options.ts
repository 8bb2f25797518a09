import { isURL, ValidateBy, ValidateIf } from 'class-validator';
import { ConfigurationError } from '../errors/configuration-error.js';
import { applyOptions, IsWhole } from '../errors/option-rules.js';
import { parseWebhookSecret, WebhookSecretError, type WebhookSecret } from '../webhook/webhook-secret.js';

/** Where alerts are posted. */
export interface AlertWebhookOptions {
  /** `https://…` or `http://…`, without user and password: the signature authenticates the request. */
  url: string;
  /** Secret for verification by the receiver: `whsec_` and 24 to 64 bytes in base64. */
  secret: string;
}

/** Options for alerts. */
export class AlertsOptions {
  /**
   * Where alerts are posted, `{ url, secret }`, signed according to the Standard Webhooks specification. Default: not
   * posted.
   */
  @ValidateIf(({ webhook }: AlertsOptions) => webhook !== undefined)
  @HasUrl('"alerts.webhook.url" must look like https://example.com/alerts, without a user or password')
  webhook: AlertWebhookOptions | undefined = undefined;

  /**
   * Minutes without any event before an alert is raised; only hours that usually have events count. 1 to 10,080 (1 week).
   * Default 30.
   */
  @IsWhole('minutes', 1, 10_080, 'alerts.')
  silenceMinutes = 30;

  /**
   * Number of events that must be missing before such an alert is raised, compared with the usual number for these hours.
   * 1 to 10,000. Default 10.
   */
  @IsWhole('events', 1, 10_000, 'alerts.')
  silenceEvents = 10;

  /**
   * Number of messages within 2 hours, none of them with a delivery receipt, that raises an alert. 1 to 10,000. Default 5.
   */
  @IsWhole('messages', 1, 10_000, 'alerts.')
  unreceiptedMessages = 5;

  /** `webhook` with its secret parsed; `null` if alerts are not posted. */
  readonly target: AlertWebhookTarget | null;

  /** @throws {ConfigurationError} if the webhook's secret is malformed. */
  constructor(given: AlertsOptionsInput = {}) {
    applyOptions(this, given, 'alerts.');
    this.target = this.webhook ? { url: this.webhook.url, secret: parseSecret(this.webhook.secret) } : null;
  }
}

export type AlertsOptionsInput = Partial<Omit<AlertsOptions, 'target'>>;

/** Where alerts are posted, with the secret parsed. */
export interface AlertWebhookTarget {
  url: string;
  secret: WebhookSecret;
}

function HasUrl(message: string): PropertyDecorator {
  return ValidateBy({
    name: 'hasUrl',
    validator: {
      validate: ({ url }: AlertWebhookOptions) =>
        isURL(url, {
          protocols: ['http', 'https'],
          require_protocol: true,
          require_tld: false,
          disallow_auth: true,
        }),
      defaultMessage: () => message,
    },
  });
}

function parseSecret(secret: string): WebhookSecret {
  try {
    return parseWebhookSecret(secret);
  } catch (error) {
    if (!(error instanceof WebhookSecretError)) throw error;
    throw new ConfigurationError('PostackModule options', [`"alerts.webhook.secret": ${error.message}`]);
  }
}
