import { EventRules, type ReadingOptions } from './event-rules.js';
import type { AnyPostackEvent } from './event-types.js';
import { asTime } from './event-time.js';
import { parseJson, type JsonValue } from './json.js';
import {
  asErrorCode,
  asIdentifier,
  asObject,
  asSegments,
  asText,
  longestListOn,
  readPath,
  type CompiledPath,
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
  readonly #rules: EventRules;
  readonly #entersLists: boolean;

  constructor(options: ReadingOptions) {
    this.#rules = new EventRules(options);
    const mappings = [options.mapping, ...options.eventRules.map(({ payload }) => payload ?? {})];
    this.#entersLists = mappings.some(({ data = [], messageId = [] }) =>
      [data, messageId].flat().some((path) => /(?:^|\.)\d/.test(path)),
    );
  }

  /** Reads just enough of a body to store it: its type and time, or why it cannot be an event. */
  inspect(body: Uint8Array): ParsedBody {
    const payload = this.#parse(body);
    if (payload === undefined) return { ok: false, reason: 'the body is not JSON in UTF-8' };
    if (typeof payload !== 'object' || payload === null) {
      return { ok: false, reason: 'the body is JSON, but not an object or a list' };
    }
    const { type } = this.#rules.mapping;
    const wireType = readPath(payload, type, asText) ?? '';
    const { kind, mapping } = this.#rules.readingOf(payload, wireType);
    // Without a type, a rule or the default can still say what it is.
    if (wireType === '' && kind === undefined) {
      const paths = type.map((path) => path.join('.')).join(', ');
      return { ok: false, reason: `the body has no event type (looked at: ${paths})` };
    }
    if (wireType.length > MAX_TYPE_LENGTH) {
      return { ok: false, reason: `the event type is longer than ${MAX_TYPE_LENGTH} characters` };
    }
    return { ok: true, wireType, occurredAt: readPath(payload, mapping.timestamp, asTime) };
  }

  /** The typed event of a stored body that `inspect` accepted. */
  parse(envelope: Omit<PostackEventEnvelope, 'payload'>, body: Uint8Array): AnyPostackEvent {
    const payload = this.#parse(body) ?? null;
    const whole: PostackEventEnvelope = { ...envelope, payload };
    const { kind, mapping } = this.#rules.readingOf(payload, envelope.wireType);
    if (kind === undefined || kind === 'ignored') return new UnknownPostackEvent(whole, kind === 'ignored');
    const data = readPath(payload, mapping.data, asObject) ?? payload;
    const text = (paths: readonly CompiledPath[]) => readPath(data, paths, asText);
    return new kind(whole, {
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

  /** How many events are in the body that an event was read from: more than one if its data is the first item of a list. */
  itemsIn({ payload, wireType }: Pick<PostackEventEnvelope, 'payload' | 'wireType'>): number {
    if (!this.#entersLists) return 1;
    const { mapping } = this.#rules.readingOf(payload, wireType);
    const inData = readPath(payload, mapping.data, asObject);
    const items = [
      ...mapping.data.map((path) => longestListOn(payload, path)),
      ...mapping.messageId.map((path) => longestListOn(inData ?? payload, path)),
    ];
    return Math.max(1, ...items);
  }

  #parse(body: Uint8Array): JsonValue | undefined {
    try {
      return parseJson(this.#decoder.decode(body));
    } catch {
      return undefined;
    }
  }
}
