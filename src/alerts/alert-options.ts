import { IsInt, IsUrl, Max, Min, ValidateIf } from 'class-validator';
import { ConfigurationError } from '../errors/configuration-error.js';
import { parseWebhookSecret, WebhookSecretError, type WebhookSecret } from '../webhook/webhook-secret.js';

/** When somebody is to be told that something is wrong, and how. All of it has defaults. */
export interface AlertOptions {
  /** Where alerts are posted to, signed by the Standard Webhooks specification. Default: nowhere. */
  webhook?: {
    /** `https://…` or `http://…`, without user and password: it is the signature that tells who posts. */
    url: string;
    /** `whsec_` and the base64 of 24 to 64 bytes; the receiver verifies with it. */
    secret: string;
  };
  /** A shorter silence is never an alert, in hours that usually have events. 1 to 10,080. Default 30. */
  silenceMinutes?: number;
  /** So many events must be missing, by what is usual for those hours. 1 to 10,000. Default 10. */
  silenceEvents?: number;
  /** So many messages without any receipt are an alert. 1 to 10,000. Default 5. */
  unreceiptedMessages?: number;
}

/** A webhook that is ready to be signed. */
export interface AlertWebhookTarget {
  url: string;
  secret: WebhookSecret;
}

const WHOLE = (max: number) => ({
  message: `"alerts.$property" must be a whole number, from 1 to ${max.toLocaleString('en')}`,
});

/** `AlertOptions` with every default filled in; `assertValid` checks it. */
export class ResolvedAlertOptions {
  @ValidateIf(({ webhookUrl }: ResolvedAlertOptions) => webhookUrl !== null)
  @IsUrl(
    { protocols: ['http', 'https'], require_protocol: true, require_tld: false, disallow_auth: true },
    { message: '"alerts.webhook.url" must look like https://example.com/alerts, without a user or password' },
  )
  readonly webhookUrl: string | null;

  readonly webhookSecret: WebhookSecret | null;

  @IsInt(WHOLE(10_080))
  @Min(1, WHOLE(10_080))
  @Max(10_080, WHOLE(10_080))
  readonly silenceMinutes: number;

  @IsInt(WHOLE(10_000))
  @Min(1, WHOLE(10_000))
  @Max(10_000, WHOLE(10_000))
  readonly silenceEvents: number;

  @IsInt(WHOLE(10_000))
  @Min(1, WHOLE(10_000))
  @Max(10_000, WHOLE(10_000))
  readonly unreceiptedMessages: number;

  /** @throws {ConfigurationError} when the webhook's secret cannot be one. */
  constructor({ webhook, ...options }: AlertOptions = {}) {
    this.webhookUrl = webhook?.url ?? null;
    this.webhookSecret = webhook ? secretOf(webhook.secret) : null;
    this.silenceMinutes = options.silenceMinutes ?? 30;
    this.silenceEvents = options.silenceEvents ?? 10;
    this.unreceiptedMessages = options.unreceiptedMessages ?? 5;
  }

  /** `null`: alerts are posted nowhere. */
  get webhook(): AlertWebhookTarget | null {
    if (this.webhookUrl === null || this.webhookSecret === null) return null;
    return { url: this.webhookUrl, secret: this.webhookSecret };
  }
}

function secretOf(secret: string): WebhookSecret {
  try {
    return parseWebhookSecret(secret);
  } catch (error) {
    if (!(error instanceof WebhookSecretError)) throw error;
    throw new ConfigurationError('PostackModule options', [`"alerts.webhook.secret": ${error.message}`]);
  }
}

/** Injection token of the `ResolvedAlertOptions`. */
export const ALERT_OPTIONS = Symbol('nestjs-postack:alert-options');
