import { IsIn, IsInt, Matches, Max, Min, MinLength, ValidateIf } from 'class-validator';
import type { EndpointOptions } from '../../webhook/webhook-endpoint.js';
import { assertValid, ConfigurationError } from '../../errors/configuration-error.js';
import { type PostackApiAccess } from '../../postack-api/postack-api.options.js';
import type { PostackRole } from '../../jobs/jobs.options.js';
import { WEBHOOK_PATH, WEBHOOK_PATH_RULE } from '../../webhook/webhook.options.js';
import type { AlertsOptionsInput } from '../../alerts/alerts.options.js';
import type { RepliesOptionsInput } from '../../replies/replies.options.js';
import type { Confirmations, OptOutScope } from '../../opt-outs/opt-outs.options.js';
import { resolveReports, type ResolvedReports, type SegmentPrices } from '../../reports/reports.options.js';
import { IsRetention, type ResolvedRetention, resolveRetention } from '../../retention/retention.options.js';
import { parseWebhookSecret, WebhookSecretError } from '../../webhook/webhook-secret.js';
import { readConfigFile, type ConfigFile } from './config-file.js';
import { type Environment, readSetting, type Setting, settingWarnings, SUBJECT } from './environment.js';
import { alertProblems, reportProblems, sendingProblems } from './setting-problems.js';

/** The HTTP library of the service. */
export type HttpAdapterName = 'express' | 'fastify';

export const LOG_LEVELS = ['error', 'warn', 'log', 'debug', 'verbose'] as const;
const PORT_MESSAGE = 'PORT must be a whole number from 0 to 65535 (0: any free port)';

/** A shorter admin key can be guessed. */
const MIN_ADMIN_KEY_LENGTH = 16;

/** The service's settings, read from the environment and checked. */
export class ServiceConfig {
  @IsInt({ message: PORT_MESSAGE })
  @Min(0, { message: PORT_MESSAGE })
  @Max(65_535, { message: PORT_MESSAGE })
  readonly port: number;

  /** Address to listen on; `undefined` for all. */
  readonly host: string | undefined;

  /** `undefined` for the embedded PostgreSQL. */
  readonly databaseUrl: string | undefined;

  /** The same database without a connection pooler; `undefined` when `databaseUrl` is that. */
  readonly directDatabaseUrl: string | undefined;

  /** Directory of the embedded database and the development credentials. */
  readonly dataDir: string;

  @IsIn(['express', 'fastify'], { message: 'POSTACK_HTTP_ADAPTER must be express or fastify' })
  readonly httpAdapter: HttpAdapterName;

  @IsIn(['all', 'accept', 'work'], { message: 'POSTACK_ROLE must be all, accept or work' })
  readonly role: PostackRole;

  /** Of the configuration file, with their secrets; `undefined` for the one of the settings. */
  readonly endpoints: readonly EndpointOptions[] | undefined;

  /** Newest first; empty with the embedded database when unset. */
  readonly webhookSecrets: string[];

  @ValidateIf(({ webhookPath }: ServiceConfig) => webhookPath !== undefined)
  @Matches(WEBHOOK_PATH, { message: `POSTACK_WEBHOOK_PATH ${WEBHOOK_PATH_RULE}` })
  readonly webhookPath: string | undefined;

  @ValidateIf(({ adminKey }: ServiceConfig) => adminKey !== undefined)
  @MinLength(MIN_ADMIN_KEY_LENGTH, {
    message: 'POSTACK_ADMIN_KEY must have at least $constraint1 characters',
  })
  @Matches(/^[\x21-\x7e]*$/, {
    message: 'POSTACK_ADMIN_KEY must be ASCII without spaces: it travels in an HTTP header',
  })
  readonly adminKey: string | undefined;

  @IsIn(LOG_LEVELS, { message: `POSTACK_LOG_LEVEL must be one of ${LOG_LEVELS.join(', ')}` })
  readonly logLevel: (typeof LOG_LEVELS)[number];

  @IsRetention('POSTACK_RETENTION_PAYLOAD_DAYS', 'POSTACK_RETENTION_EVENT_DAYS')
  readonly retention: ResolvedRetention;

  readonly reports: ResolvedReports;

  /** `undefined` without an API key: sending is disabled. */
  readonly api: PostackApiAccess | undefined;

  readonly replies: RepliesOptionsInput;

  readonly alerts: AlertsOptionsInput;

  /** What the configuration file says about all that is no setting: mapping, listeners, failures. */
  readonly file: Omit<ConfigFile, 'replies' | 'reports' | 'endpoints'>;

  /** One line per variable that is ignored because it was renamed or is most likely mistyped. */
  readonly warnings: string[];

  /** @throws {ConfigurationError} naming every invalid or missing setting. */
  constructor(environment: Environment) {
    const read = (name: Setting) => readSetting(environment, name);
    const port = read('PORT') ?? '3000';
    this.port = /^\d+$/.test(port) ? Number(port) : NaN;
    this.host = read('HOST');
    this.databaseUrl = read('DATABASE_URL');
    this.directDatabaseUrl = read('POSTACK_DIRECT_DATABASE_URL');
    this.dataDir = read('POSTACK_DATA_DIR') ?? '.postack';
    this.httpAdapter = (read('POSTACK_HTTP_ADAPTER') ?? 'express') as HttpAdapterName;
    this.role = (read('POSTACK_ROLE') ?? 'all') as PostackRole;
    this.webhookSecrets = list(read('POSTACK_WEBHOOK_SECRET'));
    this.webhookPath = read('POSTACK_WEBHOOK_PATH');
    this.adminKey = read('POSTACK_ADMIN_KEY');
    this.logLevel = (read('POSTACK_LOG_LEVEL') ?? 'log') as ServiceConfig['logLevel'];
    this.retention = resolveRetention({
      payloadDays: numberIn(read('POSTACK_RETENTION_PAYLOAD_DAYS')),
      eventDays: numberIn(read('POSTACK_RETENTION_EVENT_DAYS')),
    });
    const path = read('POSTACK_CONFIG');
    const { replies, reports, endpoints, ...file } = path === undefined ? {} : readConfigFile(path);
    this.endpoints = endpoints?.map(({ secretVariable, ...endpoint }) => ({
      ...endpoint,
      secret: list(environment[secretVariable]),
    }));
    this.file = file;
    const prices = pricesIn(read('POSTACK_REPORT_PRICES'));
    this.reports = resolveReports(prices ? { prices } : reports);
    this.api = apiOptions(read);
    this.replies = {
      ...replies,
      ownNumbers: [...list(read('POSTACK_OWN_NUMBERS')), ...(replies?.ownNumbers ?? [])],
      optOut: {
        ...replies?.optOut,
        scope: (read('POSTACK_OPT_OUT_SCOPE') ?? 'all') as OptOutScope,
        confirmations: (read('POSTACK_OPT_OUT_CONFIRMATIONS') ?? 'local') as Confirmations,
      },
    };
    this.alerts = alertOptions(read);
    this.warnings = settingWarnings(environment);
    assertValid(SUBJECT, this);
    const problems = [
      ...this.#wrongSecrets(),
      ...this.#twice(),
      ...sendingProblems(this),
      ...alertProblems(this.alerts),
      ...reportProblems(this.reports),
      ...this.#missing(),
    ];
    if (problems.length > 0) throw new ConfigurationError(SUBJECT, problems);
  }

  #twice(): string[] {
    if (!this.endpoints || (this.webhookSecrets.length === 0 && this.webhookPath === undefined)) return [];
    return [
      'the configuration file has "endpoints", which stand in place of POSTACK_WEBHOOK_SECRET and POSTACK_WEBHOOK_PATH: ' +
        'leave these out',
    ];
  }

  #wrongSecrets(): string[] {
    return this.webhookSecrets.flatMap((secret, index) => {
      try {
        parseWebhookSecret(secret);
        return [];
      } catch (error) {
        if (!(error instanceof WebhookSecretError)) throw error;
        const which = this.webhookSecrets.length === 1 ? '' : `, secret number ${index + 1}`;
        return [`POSTACK_WEBHOOK_SECRET${which}: ${error.message}`];
      }
    });
  }

  /** Credentials are generated for the embedded database only. */
  #missing(): string[] {
    if (this.databaseUrl === undefined) {
      return this.directDatabaseUrl === undefined
        ? []
        : [
            'POSTACK_DIRECT_DATABASE_URL is set, but DATABASE_URL is not: set it to the URL of the connection pooler',
          ];
    }
    const missing: string[] = [];
    if (this.webhookSecrets.length === 0 && this.role !== 'work' && !this.endpoints) {
      missing.push(
        'DATABASE_URL is set, but POSTACK_WEBHOOK_SECRET is not: set it to the signing secret (whsec_…) ' +
          "from the endpoint's details page at Postack",
      );
    }
    if (this.adminKey === undefined) {
      missing.push(
        'DATABASE_URL is set, but POSTACK_ADMIN_KEY is not: set it to a long random string, ' +
          'for example the output of "openssl rand -hex 32"',
      );
    }
    return missing;
  }
}

/** The other API settings have no effect without an API key. */
function apiOptions(read: (name: Setting) => string | undefined): PostackApiAccess | undefined {
  const apiKey = read('POSTACK_API_KEY');
  if (apiKey === undefined) return undefined;
  const requestsPerSecond = read('POSTACK_API_REQUESTS_PER_SECOND');
  return {
    apiKey,
    baseUrl: read('POSTACK_API_URL'),
    ...(requestsPerSecond !== undefined && {
      requestsPerSecond: /^\d+$/.test(requestsPerSecond) ? Number(requestsPerSecond) : NaN,
    }),
  };
}

/** Each of the two settings enables the webhook; `alertProblems` reports the missing one. */
function alertOptions(read: (name: Setting) => string | undefined): AlertsOptionsInput {
  const url = read('POSTACK_ALERT_WEBHOOK_URL');
  const secret = read('POSTACK_ALERT_WEBHOOK_SECRET');
  if (url === undefined && secret === undefined) return {};
  return { webhook: { url: url ?? '', secret: secret ?? '' } };
}

/** `EUR DE=0.07 +4917=0.08`: the currency, and what a segment costs. */
function pricesIn(text: string | undefined): SegmentPrices | undefined {
  if (text === undefined) return undefined;
  const [currency = '', ...prices] = list(text);
  const perSegment = prices.map((one) => [one.replace(/=.*/, ''), numberIn(one.replace(/^[^=]*=?/, ''))]);
  return { currency, perSegment: Object.fromEntries(perSegment) as Record<string, number> };
}

/** The items of a setting, separated by spaces or commas. */
function list(text: string | undefined): string[] {
  return (text ?? '').split(/[\s,]+/).filter(Boolean);
}

/** Digits with or without a fraction; `NaN` for anything else. */
function numberIn(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
}
