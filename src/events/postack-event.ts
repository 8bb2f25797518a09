import { inspect } from 'node:util';
import type { JsonValue } from './json.js';

/** What is known of a stored event before its payload is looked into. */
export interface PostackEventEnvelope {
  /** The `svix-id` header: the same for every delivery of one event. */
  id: string;
  /** Name of the endpoint that received the event; `default` unless configured. */
  endpoint: string;
  /** The `type` exactly as Postack wrote it. */
  wireType: string;
  /** When Postack says it happened; the signed `svix-timestamp` when the payload does not say. */
  occurredAt: Date;
  /** When this backend stored it. */
  receivedAt: Date;
  /** The whole JSON body, parsed, with every field that Postack sent. */
  payload: JsonValue;
}

/** What every event from Postack has in common. Immutable. */
export abstract class PostackEvent implements PostackEventEnvelope {
  /** The type in this package's vocabulary, for example `message.received`. */
  abstract readonly type: string;

  readonly id: string;
  readonly endpoint: string;
  readonly wireType: string;
  readonly occurredAt: Date;
  readonly receivedAt: Date;
  readonly payload: JsonValue;

  constructor(envelope: PostackEventEnvelope) {
    this.id = envelope.id;
    this.endpoint = envelope.endpoint;
    this.wireType = envelope.wireType;
    this.occurredAt = envelope.occurredAt;
    this.receivedAt = envelope.receivedAt;
    this.payload = envelope.payload;
  }

  /**
   * A key that is the same each time this event is handed to that listener, in every process and at every
   * retry: give it to whatever must not happen twice.
   */
  idempotencyKey(listener: string): string {
    return `${this.endpoint}:${this.id}:${listener}`;
  }

  /** What a log may show of this event. Subclasses add fields, never texts or full numbers. */
  protected loggable(): Record<string, unknown> {
    return { id: this.id, type: this.type, occurredAt: this.occurredAt };
  }

  /** `console.log(event)` and the like: without payload, texts and full phone numbers. */
  [inspect.custom](): string {
    return `${this.constructor.name} ${inspect(this.loggable(), { breakLength: Infinity })}`;
  }
}
