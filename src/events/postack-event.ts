import { inspect } from 'node:util';
import type { JsonValue } from './json.js';

/** What is known about a stored event without reading its payload. */
export interface PostackEventEnvelope {
  /** The `svix-id` header: the same for every delivery of one event. */
  id: string;
  /** Name of the endpoint that received the event; `default` unless configured. */
  endpoint: string;
  /** The `type` exactly as Postack wrote it. */
  wireType: string;
  /** When it happened according to Postack; the signed `svix-timestamp` if the payload has no time. */
  occurredAt: Date;
  /** When this backend stored it. */
  receivedAt: Date;
  /** The whole JSON body, parsed, with every field that Postack sent. */
  payload: JsonValue;
}

/** Base of every event from Postack. Immutable. */
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
   * A key that is the same for every delivery of this event to that listener, in every process and at every retry: pass
   * it along with effects that must not happen twice.
   */
  idempotencyKey(listener: string): string {
    return `${this.endpoint}:${this.id}:${listener}`;
  }

  /** What a log may show of this event. Subclasses add fields, never texts or full numbers. */
  protected loggable(): Record<string, unknown> {
    return { id: this.id, type: this.type, occurredAt: this.occurredAt };
  }

  /** For `console.log(event)` and similar: without payload, texts and full phone numbers. */
  [inspect.custom](): string {
    return `${this.constructor.name} ${inspect(this.loggable(), { breakLength: Infinity })}`;
  }
}
