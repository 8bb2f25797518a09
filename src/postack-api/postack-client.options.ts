import { Matches, ValidateBy } from 'class-validator';
import { assertValid } from '../errors/configuration-error.js';
import { applyOptions, IsWhole } from '../errors/option-rules.js';
import { DEFAULT_POSTACK_API_MAPPING, type PostackApiMapping } from './postack-api-mapping.js';
import { memoryRequestRate, type RequestRate } from './request-rate.js';

/** The options of `PostackClient`, with every default filled in. */
export class ResolvedPostackClientOptions {
  /** API key of the Postack account. Required; `undefined`, such as an unset variable, throws a `ConfigurationError`. */
  @Matches(/^[\x21-\x7e]+$/, {
    message: '"apiKey" must be set to an API key of the Postack account, without spaces',
  })
  apiKey = '';

  /** Base URL of the REST API. Default `https://api.postack.dev/v1`. */
  @IsBaseUrl()
  baseUrl = 'https://api.postack.dev/v1';

  /** Maximum time for one attempt, until the whole response has arrived. 1 to 300,000. Default 10,000 (10 s). */
  @IsWhole('milliseconds', 1, 300_000)
  timeoutMs = 10_000;

  /** Maximum number of attempts of a request, including the first. 1 to 10. Default 3. */
  @IsWhole('attempts', 1, 10)
  attempts = 3;

  /**
   * Longest `Retry-After` that the client waits for; for a longer one it throws an error with `retryAfterMs`. 0 to
   * 86,400,000 (1 day). Default 10,000 (10 s).
   */
  @IsWhole('milliseconds', 0, 86_400_000)
  maxRetryAfterMs = 10_000;

  /** Share one between all clients with the same API key. Default: this client alone, 10 requests per second. */
  requestRate: RequestRate = memoryRequestRate();

  /** What Postack's documentation leaves open; each entry replaces its default. */
  mapping: PostackApiMapping = { ...DEFAULT_POSTACK_API_MAPPING };

  /**
   * HTTP header for the `idempotencyKey` of an SMS. Set it only if Postack confirms that it honours one: the client then
   * also retries a message whose outcome is unknown. Postack documents none. Default none.
   */
  @Matches(/^[\w-]*$/, { message: '"idempotencyHeader" must be the name of an HTTP header' })
  idempotencyHeader = '';

  /** @throws {ConfigurationError} listing every invalid option. */
  constructor({ mapping, ...given }: PostackClientOptions) {
    applyOptions(this, given);
    this.apiKey = this.apiKey.trim();
    this.baseUrl = this.baseUrl.replace(/\/+$/, '');
    Object.assign(this.mapping, mapping);
    assertValid('PostackClient options', this);
  }
}

/** Options of `PostackClient`. Only `apiKey` is required. */
export interface PostackClientOptions extends Partial<
  Omit<ResolvedPostackClientOptions, 'apiKey' | 'mapping'>
> {
  /** API key of the Postack account. `undefined`, such as an unset variable, throws a `ConfigurationError`. */
  apiKey: ResolvedPostackClientOptions['apiKey'] | undefined;
  /** What Postack's documentation leaves open; each entry replaces its default. */
  mapping?: Partial<PostackApiMapping>;
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
        '"baseUrl" must look like https://api.postack.dev/v1: http or https, without user, query and fragment',
    },
  });
}
