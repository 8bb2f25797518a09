import { randomBytes } from 'node:crypto';
import { Webhook } from 'svix';
import { SimulatorOptionError, UnknownEndpointError } from './simulator-errors.js';

/** An endpoint to register. */
export interface EndpointRegistration {
  /** Webhook URL, `http://…` or `https://…`. */
  url: string;
  /** `whsec_<base64>`. Default: a random one. */
  secret?: string;
}

/** A registered endpoint, with its initial secret. */
export interface RegisteredEndpoint {
  readonly id: string;
  readonly url: string;
  readonly secret: string;
}

interface Signer {
  webhook: Webhook;
  /** In milliseconds since 1970. */
  expiresAt: number;
}

/** An endpoint as deliveries see it. */
export class WebhookEndpoint {
  /** Whether every delivery attempt fails. */
  isCutOff = false;
  #signers: Signer[] = [];

  constructor(
    readonly id: string,
    readonly url: string,
    secret: string,
  ) {
    this.rotate(secret, 0);
  }

  /** Signs with this secret from now on, and for `overlapMs` also with the previous ones. */
  rotate(secret: string, overlapMs: number): void {
    const now = Date.now();
    const former = this.#valid(now).map(({ webhook, expiresAt }) => ({
      webhook,
      expiresAt: Math.min(expiresAt, now + overlapMs),
    }));
    this.#signers = [{ webhook: new Webhook(secret), expiresAt: Infinity }, ...former];
  }

  /** The `svix-signature` header: a signature for each valid secret, newest first. */
  sign(eventId: string, at: Date, body: string): string {
    return this.#valid(Date.now())
      .map(({ webhook }) => webhook.sign(eventId, at, body))
      .join(' ');
  }

  #valid(now: number): Signer[] {
    return this.#signers.filter(({ expiresAt }) => expiresAt > now);
  }
}

/** The endpoints that are registered with the local Postack. */
export class WebhookEndpoints {
  readonly #endpoints = new Map<string, WebhookEndpoint>();

  get all(): WebhookEndpoint[] {
    return [...this.#endpoints.values()];
  }

  /** @throws {SimulatorOptionError} when the URL or the secret is invalid. */
  register({ url, secret = newSecret() }: EndpointRegistration): RegisteredEndpoint {
    if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
      throw new SimulatorOptionError(
        `An endpoint's URL must begin with http:// or https://; "${url}" does not`,
      );
    }
    const id = `ep_${this.#endpoints.size + 1}`;
    try {
      this.#endpoints.set(id, new WebhookEndpoint(id, url, secret));
    } catch {
      throw new SimulatorOptionError(`The secret of ${url} must be "whsec_" and base64, or absent`);
    }
    return { id, url, secret };
  }

  /**
   * Gives an endpoint a new secret.
   *
   * @param overlapMs Duration for which deliveries are signed with the old secret too.
   * @throws {UnknownEndpointError}
   */
  rotate(id: string, overlapMs: number): string {
    const secret = newSecret();
    this.get(id).rotate(secret, overlapMs);
    return secret;
  }

  /** @throws {UnknownEndpointError} */
  get(id: string): WebhookEndpoint {
    const endpoint = this.#endpoints.get(id);
    if (!endpoint) throw new UnknownEndpointError(id);
    return endpoint;
  }
}

function newSecret(): string {
  return `whsec_${randomBytes(24).toString('base64')}`;
}
