import { Matches } from 'class-validator';
import { ConfigurationError } from '../errors/configuration-error.js';
import { applyOptions, HasNoProblems, IsWhole } from '../errors/option-rules.js';
import { DEFAULT_TIMESTAMP_TOLERANCE_MS } from './svix-signature.js';
import {
  endpointProblems,
  type EndpointOptions,
  secretsOf,
  WEBHOOK_PATH,
  WEBHOOK_PATH_RULE,
  type WebhookEndpoint,
} from './webhook-endpoint.js';

export { WEBHOOK_PATH, WEBHOOK_PATH_RULE };

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
   * Several endpoints, for example of two Postack accounts, each `{ name, path, secret }`; then `secret`, `path` and
   * `endpoint` are left out. One whose secret is missing or wrong is reported, and the others start all the same. Default:
   * one, made of those options.
   */
  @HasNoProblems(endpointProblems)
  endpoints: readonly EndpointOptions[] = [];

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

  /** The endpoints that webhooks are received at. */
  readonly routes: readonly WebhookEndpoint[];

  /** What is wrong with the secrets of other endpoints, which are not received at. */
  readonly routeProblems: readonly string[];

  /**
   * @param receives Whether the process receives webhooks: only then it needs a secret.
   * @param endpoint The option of this name.
   * @throws {ConfigurationError} when no endpoint has a usable secret, or `secret` is given beside `endpoints`.
   */
  constructor(given: WebhookOptionsInput = {}, receives = true, endpoint = 'default') {
    applyOptions(this, given);
    // What is wrong with the list is reported with all other options.
    const isList = endpointProblems(this.endpoints).length === 0;
    const endpoints = isList ? this.endpoints : [];
    const isOne = isList && endpoints.length === 0;
    if (!isOne && (given.secret !== undefined || given.path !== undefined)) {
      throw new ConfigurationError('PostackModule options', [
        '"endpoints" stands in place of "secret" and "path": leave these out, and name each endpoint in the list',
      ]);
    }
    const all = isOne ? [{ name: endpoint, path: this.path, secret: this.secret }] : endpoints;
    const read = all.map(({ name, path, secret }) => ({
      route: { name, path },
      ...secretsOf(secret, isOne ? '"secret"' : `the secret of the endpoint "${name}"`),
    }));
    this.routes = read.flatMap(({ route, secrets }) => (secrets.length > 0 ? { ...route, secrets } : []));
    this.routeProblems = receives ? read.flatMap(({ problem }) => problem ?? []) : [];
    if (!isList) return;
    // An empty secret of a process that receives nothing is no mistake; a malformed one is.
    const isUsable =
      this.routes.length > 0 || (!receives && read.every(({ route: _, problem }) => isMissing(problem)));
    if (!isUsable) {
      throw new ConfigurationError(
        'PostackModule options',
        read.flatMap(({ problem }) => problem ?? []),
      );
    }
  }
}

function isMissing(problem: string | undefined): boolean {
  return problem === undefined || problem.includes(' is missing: ');
}

export type WebhookOptionsInput = Partial<Omit<WebhookOptions, 'routes' | 'routeProblems'>>;
