import {
  IsBoolean,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsString,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { type AlertOptions, ResolvedAlertOptions } from './alerts/alert-options.js';
import { assertValid, ConfigurationError } from './errors/configuration-error.js';
import { DEFAULT_EVENT_TYPES, type EventTypeMap } from './events/event-types.js';
import type { ListenerOptions } from './listeners/handler-metadata.js';
import { DEFAULT_PAYLOAD_MAPPING, type PayloadMapping } from './events/payload-mapping.js';
import { type FailureOptions, ResolvedFailureOptions } from './failures/failure-options.js';
import type { PostackClient, PostackClientOptions } from './postack-api/postack-client.js';
import { type ReplyOptions, ResolvedReplyOptions, AUTO_REPLIES } from './replies/reply-options.js';
import {
  IsRetention,
  type ResolvedRetention,
  resolveRetention,
  type RetentionOptions,
} from './retention/retention-options.js';
import { DEFAULT_TIMESTAMP_TOLERANCE_MS } from './webhook/svix-signature.js';
import { parseWebhookSecret, WebhookSecretError, type WebhookSecret } from './webhook/webhook-secret.js';

/** What a process does: `accept` only receives, `work` only dispatches, `all` does both. */
export type PostackRole = 'all' | 'accept' | 'work';

/** The way to Postack: `apiKey`, and what else `PostackClient` takes. */
export interface PostackApiOptions extends Omit<PostackClientOptions, 'requestRate'> {
  /** How many requests one API key may make in a second, in all processes together. From 1 to 1,000. Default 10. */
  requestsPerSecond?: number;
}

/** Options of `PostackModule.forRoot`. Only `secret` is required. */
export interface PostackModuleOptions {
  /**
   * The endpoint's signing secret (`whsec_…`, 24 to 64 bytes in base64), or several while one is being
   * rotated, newest first. `undefined` (an unset variable, say) stops the start with a message.
   */
  secret: string | readonly string[] | undefined;
  /**
   * The whole path of the route, whatever global prefix or version the application has: what is registered
   * with Postack does not move. Letters, digits, `-`, `_`, `.`, `~` and `/`. Default `/api/v1/webhooks`.
   */
  path?: string;
  /** Name of this endpoint: events are unique by endpoint and `svix-id`. Default `default`. */
  endpoint?: string;
  /** How far the signed timestamp may be from this machine's clock, both ways. Default 300,000 (5 min). */
  timestampToleranceMs?: number;
  /** Longer bodies are answered 413. Default 262,144 (256 KiB). */
  bodyLimitBytes?: number;
  /** A body that is not whole by then is answered 408. Default 10,000 (10 s). */
  bodyTimeoutMs?: number;
  /** An event that cannot be committed by then is answered 503; Postack sends it again. Default 10,000 (10 s). */
  commitTimeoutMs?: number;
  /** With so many events waiting to be committed, more are answered 503. Default 5,000. */
  maxPendingWrites?: number;
  /** What this process does. Default `all`. */
  role?: PostackRole;
  /** Wire types beyond the known ones, or other names for those: `{ 'sms.inbound': MessageReceivedEvent }`. */
  eventTypes?: EventTypeMap;
  /** Where to find which field in the payload; each entry replaces its default. */
  payload?: Partial<PayloadMapping>;
  /** How many stored events are dispatched in one transaction at most. Default 500. */
  dispatchBatchSize?: number;
  /**
   * A dispatch transaction that takes longer has lost its connection, or hangs in a projection: it is given up and
   * tried again. Default 60,000 (1 min).
   */
  dispatchTimeoutMs?: number;
  /** How often to look for undispatched events when nothing has announced any. Default 1,000 (1 s). */
  pollIntervalMs?: number;
  /** How long a stopping process waits for its running listeners. Default 25,000 (25 s). */
  shutdownTimeoutMs?: number;
  /**
   * Settings of single listeners, by listener name; they win over those in the decorators. `false` switches a listener
   * off: no event goes to it.
   */
  listeners?: Readonly<Record<string, ListenerOptions | false>>;
  /**
   * How to send messages: `{ apiKey }` and the rest of `PostackClientOptions`, or a `PostackClient` of your own. Without
   * it nothing is sent, and nobody is answered.
   */
  api?: PostackApiOptions | PostackClient;
  /** How customers are answered, and when they are not. */
  replies?: ReplyOptions;
  /** What becomes of messages that do not arrive: what their codes mean, and what is done about them. */
  failures?: FailureOptions;
  /** When somebody is told that something is wrong, and by which webhook. */
  alerts?: AlertOptions;
  /**
   * Whether the figures of the reports are kept. Default `true`. Those of a time when they were not can be made later,
   * with `ReportRebuild`.
   */
  reports?: boolean;
  /**
   * How long stored events are kept: `{ payloadDays: 30, eventDays: 90 }` unless told otherwise; `false` keeps everything.
   * Only events that are settled are removed. It counts for all endpoints in the database.
   */
  retention?: RetentionOptions | false;
  /** PostgreSQL schema for the listeners' queues, kept by pg-boss. Default `postack_jobs`. */
  jobsSchema?: string;
  /** Connections for those queues, besides the data source's own. Default 4. */
  jobsPoolSize?: number;
}

/** Injection token of the resolved options. */
export const POSTACK_OPTIONS = Symbol('nestjs-postack:options');

/** What the path of the route may be: plain text to every router. */
export const WEBHOOK_PATH = /^(?:\/[\w.~-]+)+$/;

export const WEBHOOK_PATH_RULE =
  'must look like /api/v1/webhooks: no parameters, no query, no trailing slash';

const positive = (unit: string) => ({
  message: `"$property" must be a whole number of ${unit}, at least $constraint1`,
});

const TOLERANCE_MESSAGE =
  '"timestampToleranceMs" must be a whole number of milliseconds, from 1000 to 86400000 (a day)';

/** The options with every default filled in, checked. */
export class ResolvedPostackOptions {
  readonly secrets: readonly WebhookSecret[];

  @Matches(WEBHOOK_PATH, { message: `"path" ${WEBHOOK_PATH_RULE}` })
  readonly path: string;

  @IsString({ message: '"endpoint" must be a string' })
  @IsNotEmpty({ message: '"endpoint" must not be empty' })
  readonly endpoint: string;

  @IsInt({ message: TOLERANCE_MESSAGE })
  @Min(1000, { message: TOLERANCE_MESSAGE })
  @Max(86_400_000, { message: TOLERANCE_MESSAGE })
  readonly timestampToleranceMs: number;

  @IsInt(positive('bytes'))
  @Min(1024, positive('bytes'))
  readonly bodyLimitBytes: number;

  @IsInt(positive('milliseconds'))
  @Min(100, positive('milliseconds'))
  readonly bodyTimeoutMs: number;

  @IsInt(positive('milliseconds'))
  @Min(100, positive('milliseconds'))
  readonly commitTimeoutMs: number;

  @IsInt(positive('events'))
  @Min(1, positive('events'))
  readonly maxPendingWrites: number;

  @IsIn(['all', 'accept', 'work'], { message: '"role" must be all, accept or work' })
  readonly role: PostackRole;

  readonly eventTypes: EventTypeMap;

  readonly payload: PayloadMapping;

  @IsInt({ message: '"dispatchBatchSize" must be a whole number from 1 to 5000' })
  @Min(1, { message: '"dispatchBatchSize" must be a whole number from 1 to 5000' })
  @Max(5000, { message: '"dispatchBatchSize" must be a whole number from 1 to 5000' })
  readonly dispatchBatchSize: number;

  @IsInt(positive('milliseconds'))
  @Min(100, positive('milliseconds'))
  readonly dispatchTimeoutMs: number;

  @IsInt(positive('milliseconds'))
  @Min(50, positive('milliseconds'))
  readonly pollIntervalMs: number;

  @IsInt(positive('milliseconds'))
  @Min(0, positive('milliseconds'))
  readonly shutdownTimeoutMs: number;

  readonly listeners: Readonly<Record<string, ListenerOptions | false>>;

  /** `null`: nothing can be sent. */
  readonly api: PostackApiOptions | PostackClient | null;

  @ValidateNested()
  readonly replies: ResolvedReplyOptions;

  @ValidateNested()
  readonly failures: ResolvedFailureOptions;

  @ValidateNested()
  readonly alerts: ResolvedAlertOptions;

  @IsBoolean({ message: '"reports" must be true or false' })
  readonly reports: boolean;

  @IsRetention('"retention.payloadDays"', '"retention.eventDays"')
  readonly retention: ResolvedRetention;

  @Matches(/^[a-z_][a-z0-9_]{0,49}$/, {
    message: '"jobsSchema" must be a lower-case SQL name of at most 50 characters',
  })
  readonly jobsSchema: string;

  @IsInt(positive('connections'))
  @Min(2, positive('connections'))
  readonly jobsPoolSize: number;

  /** @throws {ConfigurationError} naming every wrong option. */
  constructor(options: PostackModuleOptions) {
    this.secrets = resolveSecrets(options.secret);
    this.path = options.path ?? '/api/v1/webhooks';
    this.endpoint = options.endpoint ?? 'default';
    this.timestampToleranceMs = options.timestampToleranceMs ?? DEFAULT_TIMESTAMP_TOLERANCE_MS;
    this.bodyLimitBytes = options.bodyLimitBytes ?? 256 * 1024;
    this.bodyTimeoutMs = options.bodyTimeoutMs ?? 10_000;
    this.commitTimeoutMs = options.commitTimeoutMs ?? 10_000;
    this.maxPendingWrites = options.maxPendingWrites ?? 5000;
    this.role = options.role ?? 'all';
    this.eventTypes = { ...DEFAULT_EVENT_TYPES, ...options.eventTypes };
    this.payload = { ...DEFAULT_PAYLOAD_MAPPING, ...options.payload };
    this.dispatchBatchSize = options.dispatchBatchSize ?? 500;
    this.dispatchTimeoutMs = options.dispatchTimeoutMs ?? 60_000;
    this.pollIntervalMs = options.pollIntervalMs ?? 1000;
    this.shutdownTimeoutMs = options.shutdownTimeoutMs ?? 25_000;
    this.api = options.api ?? null;
    this.replies = new ResolvedReplyOptions(options.replies);
    this.failures = new ResolvedFailureOptions(options.failures);
    this.alerts = new ResolvedAlertOptions(options.alerts);
    this.listeners = { ...options.listeners, ...(!this.api && { [AUTO_REPLIES]: false }) };
    this.reports = options.reports ?? true;
    this.retention = resolveRetention(options.retention);
    this.jobsSchema = options.jobsSchema ?? 'postack_jobs';
    this.jobsPoolSize = options.jobsPoolSize ?? 4;
    assertValid(SUBJECT, this);
  }
}

const SUBJECT = 'PostackModule options';

function resolveSecrets(secret: string | readonly string[] | undefined): WebhookSecret[] {
  const secrets = (typeof secret === 'string' ? [secret] : (secret ?? []))
    .map((one) => one.trim())
    .filter(Boolean);
  if (secrets.length === 0) {
    throw new ConfigurationError(SUBJECT, [
      '"secret" is missing: set it to the signing secret (whsec_…) from the endpoint\'s details page at Postack',
    ]);
  }
  return secrets.map((one, index) => {
    try {
      return parseWebhookSecret(one);
    } catch (error) {
      if (!(error instanceof WebhookSecretError)) throw error;
      const which = secrets.length === 1 ? '"secret"' : `"secret" number ${index + 1}`;
      throw new ConfigurationError(SUBJECT, [`${which}: ${error.message}`]);
    }
  });
}
