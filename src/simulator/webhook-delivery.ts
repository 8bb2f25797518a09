import { randomBytes } from 'node:crypto';
import type { Agenda } from './agenda.js';
import { bodyOf, type SimulatedEvent } from './simulated-event.js';
import { UnknownEventError } from './simulator-errors.js';
import { WebhookEndpoint, type WebhookEndpoints } from './webhook-endpoints.js';

/** Svix's schedule after the first attempt: how long after an attempt that has failed comes the next. */
export const RETRY_DELAYS_MS: readonly number[] = [
  5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 36_000_000,
];

/** One attempt to deliver an event to an endpoint; `status` or `error`. */
export interface Delivery {
  readonly eventId: string;
  readonly endpointId: string;
  /** From 1; counts all attempts for this event and endpoint. */
  readonly attempt: number;
  /** When it began, in milliseconds since 1970. */
  readonly at: number;
  /** What the endpoint answered; `null` when it did not. */
  readonly status: number | null;
  /** Why there was no answer, for example `ECONNREFUSED`; else `null`. */
  readonly error: string | null;
}

/** What is out of the ordinary about a delivery. */
export interface DeliveryManner {
  /** How far the signed timestamp is from the clock; below 0, it is in the past. Only of the first attempt. Default 0. */
  clockSkewMs?: number;
  /** Signed with a secret that the endpoint does not have. Default `false`. */
  hasWrongSignature?: boolean;
  /** The connection is cut after so long, whatever has been sent or answered by then. */
  hangUpAfterMs?: number;
  /** Whether it is tried again when it fails. Default `true`. */
  isRetried?: boolean;
}

/** Whether the endpoint has taken it: any 2xx. */
export function isTaken({ status }: Delivery): boolean {
  return status !== null && status >= 200 && status < 300;
}

/** Posts events to all endpoints, as Svix does: signed, and again until they are answered 2xx or given up. */
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
   * Resolves after the first attempt at each endpoint; whatever fails is tried again in the background.
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
   * One more attempt at each endpoint, as when somebody presses "resend".
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
    const signer = hasWrongSignature ? strangerTo(endpoint) : endpoint;
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

/** Somebody who would like to pass for Postack. */
function strangerTo({ id, url }: WebhookEndpoint): WebhookEndpoint {
  return new WebhookEndpoint(id, url, `whsec_${randomBytes(24).toString('base64')}`);
}

/** `fetch` says only that it failed; its cause says why. Neither need be an instance of this realm's `Error`. */
function reasonOf(error: unknown): string {
  const { name, message, cause } = error as { name: string; message: string; cause?: NodeJS.ErrnoException };
  if (name === 'TimeoutError') return 'no answer in time';
  return cause?.code ?? cause?.message ?? message;
}
