import { parseWebhookSecret, WebhookSecretError, type WebhookSecret } from './webhook-secret.js';

/** An endpoint at Postack, as it is given in the option `endpoints`. */
export interface EndpointOptions {
  /** Its name here: letters, digits, `_`, `-` and `.`, at most 80. Events know it; it must not change later. */
  name: string;
  /** The complete path of its route, as the option `path`. */
  path: string;
  /** As the option `secret`. */
  secret: string | readonly string[] | undefined;
}

/** An endpoint that webhooks are received at. */
export interface WebhookEndpoint {
  name: string;
  path: string;
  /** Newest first. */
  secrets: readonly WebhookSecret[];
}

/** Letters, digits and `_ - .`: a name is part of log lines and of queries. */
const ENDPOINT_NAME = /^[\w.-]{1,80}$/;

/** What the option `path` may be: plain text to every router. */
export const WEBHOOK_PATH = /^(?:\/[\w.~-]+)+$/;

export const WEBHOOK_PATH_RULE =
  'must look like /api/v1/webhooks: no parameters, no query, no trailing slash';

/** What is wrong with the option `endpoints`, but for the secrets: one line each. */
export function endpointProblems(endpoints: unknown): string[] {
  if (!Array.isArray(endpoints)) return ['"endpoints" must be a list'];
  const given = endpoints as (Partial<Record<keyof EndpointOptions, unknown>> | null)[];
  const problems = given.flatMap((endpoint, index) => {
    const { name, path, ...rest } = endpoint ?? {};
    const which = `"endpoints" number ${index + 1}`;
    const unknown = Object.keys(rest).filter((key) => key !== 'secret');
    return [
      ...(typeof name === 'string' && ENDPOINT_NAME.test(name)
        ? []
        : [`${which}: "name" must be 1 to 80 letters, digits, "_", "-" or "."`]),
      ...(typeof path === 'string' && WEBHOOK_PATH.test(path)
        ? []
        : [`${which}: "path" ${WEBHOOK_PATH_RULE}`]),
      ...unknown.map((key) => `${which}: "${key}" is not an option; there are name, path, secret`),
    ];
  });
  for (const key of ['name', 'path'] as const) {
    const values = given.map((endpoint) => endpoint?.[key]);
    const twice = values.filter((value, index) => values.indexOf(value) !== index);
    problems.push(...twice.map((value) => `"endpoints": the ${key} "${String(value)}" is used twice`));
  }
  return problems;
}

/** The secrets of an endpoint, or what is wrong with them. @param which Names the option: `"secret"`. */
export function secretsOf(
  secret: EndpointOptions['secret'],
  which: string,
): { secrets: WebhookSecret[]; problem?: string } {
  const texts = (typeof secret === 'string' ? [secret] : (secret ?? []))
    .map((one) => one.trim())
    .filter(Boolean);
  if (texts.length === 0) {
    return {
      secrets: [],
      problem: `${which} is missing: set it to the signing secret (whsec_…) from the endpoint's details page at Postack`,
    };
  }
  const secrets: WebhookSecret[] = [];
  for (const [index, text] of texts.entries()) {
    try {
      secrets.push(parseWebhookSecret(text));
    } catch (error) {
      if (!(error instanceof WebhookSecretError)) throw error;
      return {
        secrets: [],
        problem: `${texts.length === 1 ? which : `${which} number ${index + 1}`}: ${error.message}`,
      };
    }
  }
  return { secrets };
}
