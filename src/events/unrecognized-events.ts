import { Injectable, Logger } from '@nestjs/common';
import { EventParser } from './event-parser.js';
import type { AnyPostackEvent } from './event-types.js';
import { isJsonObject, parseJson, type JsonValue } from './json.js';
import { MessageEvent } from './message-event.js';
import { MessageReceivedEvent } from './message-received.event.js';
import { UnknownPostackEvent } from './unknown-postack.event.js';

/** More shapes than this are not told apart: something else is wrong then. */
const MAX_SHAPES = 100;

/** Of a key in a log line. A key is what Postack names, no value; a longer one is no name. */
const KEY = /^[\w.-]{1,40}$/;
const MAX_KEYS = 20;

const NEXT_STEP =
  'To see what came in, and a mapping for it: npm run wire-format, or GET /api/v1/wire-format';

/** Warns about events that are not what they are expected to be: once for each shape, in each process. */
@Injectable()
export class UnrecognizedEvents {
  readonly #logger = new Logger('PostackEvents');
  readonly #seen = new Set<string>();

  constructor(private readonly parser: EventParser) {}

  /** A body that is stored as quarantined. */
  quarantined(reason: string, body: Uint8Array): void {
    this.#warn(`An authentic webhook is stored as quarantined: ${reason}`, payloadIn(body));
  }

  /** An event that no listener or projection subscribes to. */
  unhandled(event: AnyPostackEvent): void {
    if (!(event instanceof UnknownPostackEvent)) return;
    const type = KEY.test(event.wireType) ? event.wireType : '(not a name)';
    this.#warn(`Events of the type ${type} are not known and stored as unhandled`, event.payload);
  }

  /** An event whose type is known: are the fields there that it is about? */
  check(event: AnyPostackEvent): void {
    const problem = this.problemWith(event);
    if (problem !== undefined) this.#warn(problem, event.payload);
  }

  /** What an event of a known type lacks. */
  problemWith(event: AnyPostackEvent): string | undefined {
    if (!(event instanceof MessageEvent)) return undefined;
    const items = this.parser.itemsIn(event);
    if (items > 1)
      return `Events of the type ${event.type} come in lists of several, of which only the first is read`;
    const isReceived = event instanceof MessageReceivedEvent;
    const needed = isReceived ? (['from', 'to', 'text'] as const) : (['messageId', 'to'] as const);
    const missing = needed.filter((field) => event[field] === null);
    return missing.length === 0
      ? undefined
      : `Events of the type ${event.type} have no ${missing.join(', no ')}`;
  }

  #warn(what: string, payload: JsonValue | undefined): void {
    const keys = keysOf(payload);
    const shape = `${what} ${keys}`;
    if (this.#seen.has(shape) || this.#seen.size >= MAX_SHAPES) return;
    this.#seen.add(shape);
    this.#logger.warn(`${what}. ${keys}. ${NEXT_STEP}`);
  }
}

function payloadIn(body: Uint8Array): JsonValue | undefined {
  try {
    return parseJson(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}

function keysOf(payload: JsonValue | undefined): string {
  if (Array.isArray(payload)) return `It is a list. In its first item: ${keysOf(payload[0])}`;
  if (!isJsonObject(payload)) return 'It is no JSON object';
  const names = Object.keys(payload).map((key) => (KEY.test(key) ? key : '(not a name)'));
  const [shown, hidden] = [names.slice(0, MAX_KEYS), names.length - MAX_KEYS];
  const data = payload['data'];
  const inData = isJsonObject(data) ? `; in data: ${keysOf(data).replace(/^Keys: /, '')}` : '';
  return `Keys: ${shown.join(', ') || 'none'}${hidden > 0 ? ` and ${hidden} more` : ''}${inData}`;
}
