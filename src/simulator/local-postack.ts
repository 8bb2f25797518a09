import { Agenda } from './agenda.js';
import { Customer, type SentSms } from './customer.js';
import { isE164 } from './e164.js';
import {
  type LocalPostackOptions,
  resolveOptions,
  type ResolvedLocalPostackOptions,
} from './local-postack.options.js';
import { MessageLife } from './message-life.js';
import { MessageRoutes } from './message-routes.js';
import type { OutboundMessage } from './outbound-message.js';
import { type ApiRequest, type OutageMode, RestApi } from './rest-api.js';
import type { Seed } from './seeded-random.js';
import { segmentsOf } from './segments.js';
import type { SimulatedEvent } from './simulated-event.js';
import { SimulatorOptionError } from './simulator-errors.js';
import { SimulatorIds } from './simulator-ids.js';
import { busiestSecond } from './sliding-limit.js';
import { type Delivery, type DeliveryManner, WebhookDelivery } from './webhook-delivery.js';
import { type RegisteredEndpoint, WebhookEndpoints } from './webhook-endpoints.js';

/** As with Svix: the receiver has a day to switch to the new secret. */
const DEFAULT_OVERLAP_MS = 24 * 60 * 60_000;

/**
 * A simulated Postack on this machine: the REST API, signed webhooks with retries, and the customers at the other end.
 * Only for development and tests.
 *
 * @example
 * ```ts
 * const postack = await LocalPostack.start({ timeScale: 100 });
 * const { secret } = postack.registerEndpoint('http://127.0.0.1:3000/api/v1/webhooks');
 * const anna = postack.customer('+15550100001');
 * await anna.text('+15550100002', 'Are you open today?');
 * const { text } = await anna.receives();
 * await postack.stop();
 * ```
 */
export class LocalPostack {
  readonly #agenda: Agenda;
  readonly #ids: SimulatorIds;
  readonly #endpoints = new WebhookEndpoints();
  readonly #webhooks: WebhookDelivery;
  readonly #life: MessageLife;
  readonly #api: RestApi;
  readonly #customers = new Map<string, Customer>();
  #url = '';

  /**
   * Outages of the REST API. `down` starts one: each request gets 503 (`unavailable`, the default), or its connection is
   * refused (`refused`). `up` ends it. Webhooks continue.
   */
  readonly api: { down(mode?: OutageMode): Promise<void>; up(): Promise<void> };

  /** Starts the REST API. @throws {SimulatorOptionError} */
  static async start(options: LocalPostackOptions = {}): Promise<LocalPostack> {
    const resolved = resolveOptions(options);
    const postack = new LocalPostack(resolved);
    for (const { url, secret } of resolved.endpoints) postack.registerEndpoint(url, { secret });
    postack.#url = await postack.#api.start(resolved.port);
    return postack;
  }

  private constructor(private readonly options: ResolvedLocalPostackOptions) {
    this.#agenda = new Agenda(options.timeScale);
    this.#ids = new SimulatorIds(options.seed);
    this.#webhooks = new WebhookDelivery(this.#agenda, this.#endpoints, options.answerTimeoutMs);
    this.#life = new MessageLife(this.#agenda, this.#ids, options, {
      publish: (event) => {
        this.#agenda.start(() => this.deliver(event));
      },
      deliver: ({ id, sender, recipient, text }) => {
        this.customer(recipient).accept({ messageId: id, from: sender, text });
      },
    });
    const routes = new MessageRoutes(this.#life, options.ownNumbers);
    this.#api = new RestApi(options, routes, this.#agenda.stopSignal);
    this.api = { down: (mode) => this.#api.down(mode), up: () => this.#api.up() };
  }

  /** Base URL of the REST API, `http://127.0.0.1:PORT/v1`. */
  get url(): string {
    return this.#url;
  }

  /** For `Authorization: Bearer …`. */
  get apiKey(): string {
    return this.options.apiKey;
  }

  /** Another run with this seed has the same ids. */
  get seed(): Seed {
    return this.options.seed;
  }

  /** Speed relative to real time. */
  get timeScale(): number {
    return this.options.timeScale;
  }

  /** All messages that the REST API has accepted, in that order, with their current status. */
  get messages(): readonly OutboundMessage[] {
    return this.#life.messages;
  }

  /** Every request to the REST API, in order of arrival. */
  get requests(): readonly ApiRequest[] {
    return this.#api.requests;
  }

  /** Every attempt to deliver an event, in order of completion. */
  get deliveries(): readonly Delivery[] {
    return this.#webhooks.deliveries;
  }

  /** The largest number of requests to the REST API, whatever their response, within any sliding second. */
  busiestSecond(): number {
    return busiestSecond(this.requests.map(({ at }) => at));
  }

  /**
   * Registers an endpoint, which gets every event from now on.
   *
   * @param options.secret `whsec_<base64>`. Default: a random one.
   * @throws {SimulatorOptionError} when the URL or the secret is invalid.
   */
  registerEndpoint(url: string, { secret }: { secret?: string } = {}): RegisteredEndpoint {
    return this.#endpoints.register({ url, secret });
  }

  /**
   * Gives an endpoint a new secret. For `overlapMs` (scaled; default 24 hours), deliveries have signatures of both.
   *
   * @returns the new secret.
   * @throws {UnknownEndpointError}
   */
  rotateSecret(endpointId: string, { overlapMs = DEFAULT_OVERLAP_MS }: { overlapMs?: number } = {}): string {
    return this.#endpoints.rotate(endpointId, this.#agenda.scaled(overlapMs));
  }

  /** Fails every delivery attempt to the endpoint until `reconnect`. @throws {UnknownEndpointError} */
  cutOff(endpointId: string): void {
    this.#endpoints.get(endpointId).isCutOff = true;
  }

  /** Ends `cutOff`; retries arrive when they are due. @throws {UnknownEndpointError} */
  reconnect(endpointId: string): void {
    this.#endpoints.get(endpointId).isCutOff = false;
  }

  /**
   * The customer with this number: the same object each time.
   *
   * @throws {SimulatorOptionError} when it is not E.164.
   */
  customer(number: string): Customer {
    if (!isE164(number)) {
      throw new SimulatorOptionError("A customer's number must be E.164, such as +15550100001");
    }
    const known = this.#customers.get(number);
    if (known) return known;
    const customer = new Customer(number, {
      send: (from, to, text) => this.#receive(from, to, text),
      start: (work) => {
        this.#agenda.start(work);
      },
    });
    this.#customers.set(number, customer);
    return customer;
  }

  /**
   * Delivers your own event to all endpoints, optionally with a wrong signature or timestamp. Resolves after the first
   * attempt at each endpoint; failed deliveries are retried in the background.
   *
   * @throws {SimulatorStoppedError}
   */
  deliver(event: SimulatedEvent<unknown>, manner?: DeliveryManner): Promise<Delivery[]> {
    return this.#webhooks.deliver(event, manner);
  }

  /**
   * Delivers an event once more to all endpoints, like "resend" in Postack.
   *
   * @throws {UnknownEventError}
   * @throws {SimulatorStoppedError}
   */
  redeliver(eventId: string): Promise<Delivery[]> {
    return this.#webhooks.redeliver(eventId);
  }

  /**
   * Resolves when no work is left: all events delivered or given up, all messages in their final state, all automatic
   * replies sent. It does not wait for your application.
   *
   * @throws {BackgroundFailureError} once, when an automatic reply has thrown.
   */
  settled(): Promise<void> {
    return this.#agenda.settled();
  }

  /** Stops the REST API and all background work. */
  async stop(): Promise<void> {
    await Promise.all([this.#agenda.stop(), this.#api.stop()]);
  }

  async #receive(from: string, to: string, text: string): Promise<SentSms> {
    const messageId = this.#ids.nextMessage(from, to);
    const type = 'message.received';
    const eventId = this.#ids.event(messageId, type);
    await this.deliver({
      ...{ id: eventId, type, timestamp: new Date().toISOString() },
      data: { id: messageId, from, to, text, segments: segmentsOf(text), status: 'received' },
    });
    return { messageId, eventId };
  }
}
