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

/** As Svix does: the receiver has a day to learn the new secret. */
const DEFAULT_OVERLAP_MS = 24 * 60 * 60_000;

/**
 * A stand-in for Postack on this machine: the REST API, the webhooks with their signatures and retries, and the
 * customers at the other end. Only for development and tests.
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
   * Outages of the REST API. `down` begins one: each request is answered 503 (`unavailable`, the default) or its
   * connection refused (`refused`); `up` ends it. Webhooks go on.
   */
  readonly api: { down(mode?: OutageMode): Promise<void>; up(): Promise<void> };

  /** Begins to listen. @throws {SimulatorOptionError} */
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
      tell: (event) => {
        this.#agenda.start(() => this.deliver(event));
      },
      handOver: ({ id, sender, recipient, text }) => {
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

  /** What the REST API wants as `Authorization: Bearer …`. */
  get apiKey(): string {
    return this.options.apiKey;
  }

  /** With it, another run has the same ids. */
  get seed(): Seed {
    return this.options.seed;
  }

  /** How many times faster than real time it goes. */
  get timeScale(): number {
    return this.options.timeScale;
  }

  /** All messages that the REST API has accepted, in that order, as they are now. */
  get messages(): readonly OutboundMessage[] {
    return this.#life.messages;
  }

  /** Every request to the REST API, in the order of arrival. */
  get requests(): readonly ApiRequest[] {
    return this.#api.requests;
  }

  /** Every attempt to deliver an event, in the order in which they ended. */
  get deliveries(): readonly Delivery[] {
    return this.#webhooks.deliveries;
  }

  /** The largest number of requests to the REST API, however answered, within any sliding second. */
  busiestSecond(): number {
    return busiestSecond(this.requests.map(({ at }) => at));
  }

  /**
   * From now on, the endpoint gets every event.
   *
   * @param secret `whsec_<base64>`. Default: a new one.
   * @throws {SimulatorOptionError}
   */
  registerEndpoint(url: string, { secret }: { secret?: string } = {}): RegisteredEndpoint {
    return this.#endpoints.register({ url, secret });
  }

  /**
   * Gives an endpoint a new secret. For `overlapMs` (scaled; default 24 hours), deliveries carry signatures of both.
   *
   * @returns the new one.
   * @throws {UnknownEndpointError}
   */
  rotateSecret(endpointId: string, { overlapMs = DEFAULT_OVERLAP_MS }: { overlapMs?: number } = {}): string {
    return this.#endpoints.rotate(endpointId, this.#agenda.scaled(overlapMs));
  }

  /** Nothing reaches the endpoint until `reconnect`: every attempt fails. @throws {UnknownEndpointError} */
  cutOff(endpointId: string): void {
    this.#endpoints.get(endpointId).isCutOff = true;
  }

  /** Ends what `cutOff` has begun; retries arrive when they are due. @throws {UnknownEndpointError} */
  reconnect(endpointId: string): void {
    this.#endpoints.get(endpointId).isCutOff = false;
  }

  /**
   * The person with this number: the same object each time.
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
   * Delivers an event of your own making to all endpoints; also with a wrong signature or clock. Resolves after the
   * first attempt at each endpoint; whatever fails is tried again in the background.
   *
   * @throws {SimulatorStoppedError}
   */
  deliver(event: SimulatedEvent<unknown>, manner?: DeliveryManner): Promise<Delivery[]> {
    return this.#webhooks.deliver(event, manner);
  }

  /**
   * Delivers an event once more to all endpoints, as when somebody presses "resend" in Postack.
   *
   * @throws {UnknownEventError}
   * @throws {SimulatorStoppedError}
   */
  redeliver(eventId: string): Promise<Delivery[]> {
    return this.#webhooks.redeliver(eventId);
  }

  /**
   * Resolves when nothing is scheduled or under way: all events taken or given up, all messages at their end, all
   * automatic replies sent. What your application is still going to do is not known here.
   *
   * @throws {BackgroundFailureError} when an automatic reply has thrown; once.
   */
  settled(): Promise<void> {
    return this.#agenda.settled();
  }

  /** Ends everything, also what is under way. */
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
