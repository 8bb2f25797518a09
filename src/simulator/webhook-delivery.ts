import { randomBytes } from 'node:crypto';
import type { Agenda } from './agenda.js';
import { bodyOf, type SimulatedEvent } from './simulated-event.js';
import { UnknownEventError } from './simulator-errors.js';
import { WebhookEndpoint, type WebhookEndpoints } from './webhook-endpoints.js';

/** Svix's retry schedule: the delays after each failed attempt, in milliseconds. */
export const RETRY_DELAYS_MS: readonly number[] = [
  5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 36_000_000,
];

/** One attempt to deliver an event to an endpoint; `status` or `error`. */
export interface Delivery {
  readonly eventId: string;
  readonly endpointId: string;
  /** Attempt number for this event and endpoint, from 1. */
  readonly attempt: number;
  /** Start, in milliseconds since 1970. */
  readonly at: number;
  /** Status of the response; `null` if there was none. */
  readonly status: number | null;
  /** Reason for a missing response, for example `ECONNREFUSED`; otherwise `null`. */
  readonly error: string | null;
}

/** Peculiarities of a delivery. */
export interface DeliveryManner {
  /** Offset of the signed timestamp; negative for the past. Only for the first attempt. Default 0. */
  clockSkewMs?: number;
  /** Whether it is signed with a secret that the endpoint does not have. Default `false`. */
  hasWrongSignature?: boolean;
  /** Time after which the connection is closed, whatever has been exchanged. Default: `answerTimeoutMs`. */
  hangUpAfterMs?: number;
  /** Whether a failure is retried. Default `true`. */
  isRetried?: boolean;
}

/** Whether the endpoint has accepted it: any 2xx. */
export function isTaken({ status }: Delivery): boolean {
  return status !== null && status >= 200 && status < 300;
}

/** Posts events to all endpoints, as Svix does: signed, and with retries until a 2xx or the end of the schedule. */
export class WebhookDelivery {
  readonly deliveries: Delivery[] = [];
  readonly #events = new Map<string, SimulatedEvent<unknown>>();
  readonly #attempts = new Map<string, number>();

  constructor(
    private readonly agenda: Agenda,
    private readonly endpoints: WebhookEndpoints,
    private readonly answerTimeoutMs: number,
  ) {}

  /**
   * Resolves after the first attempt at each endpoint; failed deliveries are retried in the background.
   *
   * @throws {SimulatorStoppedError}
   */
  deliver(event: SimulatedEvent<unknown>, manner: DeliveryManner = {}): Promise<Delivery[]> {
    this.#events.set(event.id, event);
    return this.#toAll(async (endpoint) => {
      const delivery = await this.#attempt(event, endpoint, manner);
      if (!isTaken(delivery) && manner.isRetried !== false) {
        this.agenda.start(() => this.#retry(event, endpoint));
      }
      return delivery;
    });
  }

  /**
   * Makes one more attempt at each endpoint, like "resend" in Postack.
   *
   * @throws {UnknownEventError}
   * @throws {SimulatorStoppedError}
   */
  async redeliver(eventId: string): Promise<Delivery[]> {
    const event = this.#events.get(eventId);
    if (!event) throw new UnknownEventError(eventId);
    return this.#toAll((endpoint) => this.#attempt(event, endpoint));
  }

  #toAll(deliver: (endpoint: WebhookEndpoint) => Promise<Delivery>): Promise<Delivery[]> {
    return this.agenda.track(() => Promise.all(this.endpoints.all.map(deliver)));
  }

  async #retry(event: SimulatedEvent<unknown>, endpoint: WebhookEndpoint): Promise<void> {
    for (const delayMs of RETRY_DELAYS_MS) {
      await this.agenda.wait(delayMs);
      if (isTaken(await this.#attempt(event, endpoint))) return;
    }
  }

  async #attempt(
    event: SimulatedEvent<unknown>,
    endpoint: WebhookEndpoint,
    manner: DeliveryManner = {},
  ): Promise<Delivery> {
    const pair = `${event.id} ${endpoint.id}`;
    const attempt = (this.#attempts.get(pair) ?? 0) + 1;
    this.#attempts.set(pair, attempt);
    const at = Date.now();
    const outcome = endpoint.isCutOff
      ? { status: null, error: 'cut off' }
      : await this.#post(event, endpoint, new Date(at + (manner.clockSkewMs ?? 0)), manner);
    const delivery = { eventId: event.id, endpointId: endpoint.id, attempt, at, ...outcome };
    this.deliveries.push(delivery);
    return delivery;
  }

  async #post(
    event: SimulatedEvent<unknown>,
    endpoint: WebhookEndpoint,
    signedAt: Date,
    { hasWrongSignature, hangUpAfterMs = this.answerTimeoutMs }: DeliveryManner,
  ): Promise<Pick<Delivery, 'status' | 'error'>> {
    const body = bodyOf(event);
    const signer = hasWrongSignature ? forgerOf(endpoint) : endpoint;
    try {
      const response = await fetch(endpoint.url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'svix-id': event.id,
          'svix-timestamp': String(Math.floor(signedAt.getTime() / 1000)),
          'svix-signature': signer.sign(event.id, signedAt, body),
        },
        body,
        redirect: 'manual',
        signal: AbortSignal.any([AbortSignal.timeout(hangUpAfterMs), this.agenda.stopSignal]),
      });
      await response.arrayBuffer();
      return { status: response.status, error: null };
    } catch (error) {
      return { status: null, error: reasonOf(error) };
    }
  }
}

/** The endpoint with another secret. */
function forgerOf({ id, url }: WebhookEndpoint): WebhookEndpoint {
  return new WebhookEndpoint(id, url, `whsec_${randomBytes(24).toString('base64')}`);
}

/** The error of `fetch` has the reason in its cause; neither need be an instance of this realm's `Error`. */
function reasonOf(error: unknown): string {
  const { name, message, cause } = error as { name: string; message: string; cause?: NodeJS.ErrnoException };
  if (name === 'TimeoutError') return 'no response in time';
  return cause?.code ?? cause?.message ?? message;
}
