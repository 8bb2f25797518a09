import type { EventTypeMap, AnyPostackEvent } from './event-types.js';
import { isJsonObject, type JsonValue } from './json.js';
import {
  asErrorCode,
  asIdentifier,
  asSegments,
  asText,
  asTime,
  readPath,
  type PayloadMapping,
} from './payload-mapping.js';
import type { PostackEventEnvelope } from './postack-event.js';
import { UnknownPostackEvent } from './unknown-postack.event.js';

/** What the inbox needs to know about a body. */
export type ParsedBody =
  { ok: true; wireType: string; occurredAt: Date | null } | { ok: false; reason: string };

/** Longer texts are not accepted as an event type. */
const MAX_TYPE_LENGTH = 200;

/** A text that is not a code. */
function asMessage(value: JsonValue): string | null {
  return asErrorCode(value) === null ? asIdentifier(value) : null;
}

/** Parses bytes into typed events, by the given vocabulary. Never throws on what Postack sent. */
export class EventParser {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

  constructor(
    private readonly eventTypes: EventTypeMap,
    private readonly mapping: PayloadMapping,
  ) {}

  /** Reads just enough of a body to store it: its type and time, or why it cannot be an event. */
  inspect(body: Uint8Array): ParsedBody {
    const payload = this.#parse(body);
    if (payload === undefined) return { ok: false, reason: 'the body is not JSON in UTF-8' };
    if (!isJsonObject(payload)) return { ok: false, reason: 'the body is JSON, but not an object' };
    const wireType = readPath(payload, this.mapping.type, asText);
    if (wireType === null || wireType === '') {
      return { ok: false, reason: `the body has no event type (looked at: ${this.mapping.type.join(', ')})` };
    }
    if (wireType.length > MAX_TYPE_LENGTH) {
      return { ok: false, reason: `the event type is longer than ${MAX_TYPE_LENGTH} characters` };
    }
    return { ok: true, wireType, occurredAt: readPath(payload, this.mapping.timestamp, asTime) };
  }

  /** The typed event of a stored body that `inspect` accepted. */
  parse(envelope: Omit<PostackEventEnvelope, 'payload'>, body: Uint8Array): AnyPostackEvent {
    const payload = this.#parse(body) ?? null;
    const whole: PostackEventEnvelope = { ...envelope, payload };
    const eventClass = Object.hasOwn(this.eventTypes, envelope.wireType)
      ? this.eventTypes[envelope.wireType]
      : undefined;
    if (!eventClass) return new UnknownPostackEvent(whole);
    const { mapping } = this;
    const data = readPath(payload, mapping.data, (value) => (isJsonObject(value) ? value : null)) ?? payload;
    const text = (paths: string[]) => readPath(data, paths, asText);
    return new eventClass(whole, {
      messageId: readPath(data, mapping.messageId, asIdentifier),
      from: text(mapping.from),
      to: text(mapping.to),
      text: text(mapping.text),
      status: text(mapping.status),
      errorCode: readPath(data, mapping.errorCode, asErrorCode),
      // A sentence in place of the code.
      errorMessage: text(mapping.errorMessage) ?? readPath(data, mapping.errorCode, asMessage),
      segments: readPath(data, mapping.segments, asSegments),
    });
  }

  #parse(body: Uint8Array): JsonValue | undefined {
    try {
      return JSON.parse(this.#decoder.decode(body)) as JsonValue;
    } catch {
      return undefined;
    }
  }
}
