import { IsInt, Matches, Max, Min, ValidateBy } from 'class-validator';
import { assertValid } from '../errors/configuration-error.js';
import { DEFAULT_POSTACK_API_MAPPING, type PostackApiMapping } from './postack-api-mapping.js';
import { memoryRequestRate, type RequestRate } from './request-rate.js';

/** Options of `PostackClient`. Only `apiKey` is required. */
export interface PostackClientOptions {
  /** From the Postack account. `undefined` (an unset variable, say) throws with a message. */
  apiKey: string | undefined;
  /** Default `https://api.postack.dev/v1`. */
  baseUrl?: string;
  /** An attempt without a whole answer by then has failed. 1 to 300,000. Default 10,000 (10 s). */
  timeoutMs?: number;
  /** How often a request is made at most, counting the first time. 1 to 10. Default 3. */
  attempts?: number;
  /**
   * When Postack asks to wait for longer than this, the client does not, but throws with `retryAfterMs`. 0 to
   * 86,400,000 (a day). Default 10,000 (10 s).
   */
  maxRetryAfterMs?: number;
  /** Share one between all clients with the same API key. Default: this client alone, 10 requests a second. */
  requestRate?: RequestRate;
  /** What Postack's documentation leaves open; each entry replaces its default. */
  mapping?: Partial<PostackApiMapping>;
  /**
   * The header for an SMS's `idempotencyKey`. Set it only when Postack has told you that it heeds one: the client
   * then sends a message again when the outcome of an attempt is unknown. Default: none, for none is documented.
   */
  idempotencyHeader?: string;
}

/** The options with every default filled in, checked. */
export class ResolvedPostackClientOptions {
  @Matches(/^[\x21-\x7e]+$/, {
    message: '"apiKey" must be set to an API key of the Postack account, without spaces',
  })
  readonly apiKey: string;

  @IsBaseUrl()
  readonly baseUrl: string;

  @IsWhole('milliseconds', 1, 300_000)
  readonly timeoutMs: number;

  @IsWhole('attempts', 1, 10)
  readonly attempts: number;

  @IsWhole('milliseconds', 0, 86_400_000)
  readonly maxRetryAfterMs: number;

  readonly requestRate: RequestRate;

  readonly mapping: PostackApiMapping;

  @Matches(/^[\w-]*$/, { message: '"idempotencyHeader" must be the name of an HTTP header' })
  readonly idempotencyHeader: string;

  /** @throws {ConfigurationError} naming every wrong option. */
  constructor(options: PostackClientOptions) {
    this.apiKey = options.apiKey?.trim() ?? '';
    this.baseUrl = (options.baseUrl ?? 'https://api.postack.dev/v1').replace(/\/+$/, '');
    this.timeoutMs = options.timeoutMs ?? 10_000;
    this.attempts = options.attempts ?? 3;
    this.maxRetryAfterMs = options.maxRetryAfterMs ?? 10_000;
    this.requestRate = options.requestRate ?? memoryRequestRate();
    this.mapping = { ...DEFAULT_POSTACK_API_MAPPING, ...options.mapping };
    this.idempotencyHeader = options.idempotencyHeader ?? '';
    assertValid('PostackClient options', this);
  }
}

function IsWhole(unit: string, min: number, max: number): PropertyDecorator {
  const told = { message: `"$property" must be a whole number of ${unit}, from ${min} to ${max}` };
  return (target, property) => {
    for (const rule of [IsInt(told), Min(min, told), Max(max, told)]) rule(target, property);
  };
}

function IsBaseUrl(): PropertyDecorator {
  return ValidateBy({
    name: 'isBaseUrl',
    validator: {
      validate: (value: string) => {
        const url = URL.parse(value);
        if (!url || !/^https?:$/.test(url.protocol)) return false;
        return url.username + url.password + url.search + url.hash === '';
      },
      defaultMessage: () =>
        '"baseUrl" must look like https://api.postack.dev/v1: http or https, no user, no query, no fragment',
    },
  });
}
