import { Matches } from 'class-validator';
import { ConfigurationError } from '../errors/configuration-error.js';
import { applyOptions, IsWhole } from '../errors/option-rules.js';
import { DEFAULT_TIMESTAMP_TOLERANCE_MS } from './svix-signature.js';
import { parseWebhookSecret, WebhookSecretError, type WebhookSecret } from './webhook-secret.js';

/** What the path of the route may be: plain text to every router. */
export const WEBHOOK_PATH = /^(?:\/[\w.~-]+)+$/;

export const WEBHOOK_PATH_RULE =
  'must look like /api/v1/webhooks: no parameters, no query, no trailing slash';

/** Options of receiving webhooks. */
export class WebhookOptions {
  /**
   * The endpoint's signing secret (`whsec_…`, 24 to 64 bytes in base64), or several during a rotation, newest first.
   * `undefined` (e.g. an unset variable) fails at startup with a clear error. Required, but for the role `work`, which
   * receives nothing.
   */
  secret: string | readonly string[] | undefined = undefined;

  /**
   * The complete path of the route. The application's global prefix and versioning do not apply to it, so the URL
   * registered with Postack never moves. Letters, digits, `-`, `_`, `.`, `~` and `/`. Default `/api/v1/webhooks`.
   */
  @Matches(WEBHOOK_PATH, { message: `"path" ${WEBHOOK_PATH_RULE}` })
  path = '/api/v1/webhooks';

  /**
   * Maximum clock skew of the signed timestamp, in either direction. 1,000 to 86,400,000 (a day). Default 300,000
   * (5 min).
   */
  @IsWhole('milliseconds', 1000, 86_400_000)
  timestampToleranceMs = DEFAULT_TIMESTAMP_TOLERANCE_MS;

  /** Larger bodies are rejected with 413. At least 1,024. Default 262,144 (256 KiB). */
  @IsWhole('bytes', 1024)
  bodyLimitBytes = 262_144;

  /** A body that has not arrived completely by then is rejected with 408. At least 100. Default 10,000 (10 s). */
  @IsWhole('milliseconds', 100)
  bodyTimeoutMs = 10_000;

  /** `secret`, parsed; newest first. */
  readonly secrets: readonly WebhookSecret[];

  /**
   * @param receives Whether the process receives webhooks: only then it needs a secret.
   * @throws {ConfigurationError} when a secret is missing or malformed.
   */
  constructor(given: WebhookOptionsInput = {}, receives = true) {
    applyOptions(this, given);
    this.secrets = parseSecrets(this.secret, receives);
  }
}

export type WebhookOptionsInput = Partial<Omit<WebhookOptions, 'secrets'>>;

function parseSecrets(secret: WebhookOptions['secret'], isRequired: boolean): WebhookSecret[] {
  const secrets = (typeof secret === 'string' ? [secret] : (secret ?? []))
    .map((one) => one.trim())
    .filter(Boolean);
  if (secrets.length === 0 && isRequired) {
    throw new ConfigurationError('PostackModule options', [
      '"secret" is missing: set it to the signing secret (whsec_…) from the endpoint\'s details page at Postack',
    ]);
  }
  return secrets.map((one, index) => {
    try {
      return parseWebhookSecret(one);
    } catch (error) {
      if (!(error instanceof WebhookSecretError)) throw error;
      const which = secrets.length === 1 ? '"secret"' : `"secret" number ${index + 1}`;
      throw new ConfigurationError('PostackModule options', [`${which}: ${error.message}`]);
    }
  });
}
