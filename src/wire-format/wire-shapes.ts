import type { EventParser } from '../events/event-parser.js';
import type { AnyPostackEvent } from '../events/event-types.js';
import { MESSAGE_FIELDS, MessageEvent } from '../events/message-event.js';
import { isIgnored } from '../events/unknown-postack.event.js';
import { pathsOf, readSample, type Sample } from './sample.js';

/** Bodies with the same paths. */
export interface WireShape {
  /** How many of the examined events have it. */
  examined: number;
  firstReceivedAt: Date;
  lastReceivedAt: Date;
  /** What the mapping of now takes them for → how many: the type of their event class, `ignored` or `quarantined`. */
  readAs: Record<string, number>;
  /** Field of a message → the share in which the mapping of now finds it. */
  fields: Record<string, number>;
  /** Path from the body on → the JSON types there. `*`: a key that is no name. */
  paths: Record<string, string[]>;
}

/** Shapes of one type; the rarest are left out. */
const MAX_SHAPES = 20;

type ExaminedEvent = Sample & { receivedAt: Date };

/** The most frequent first. */
export function shapesOf(examined: readonly ExaminedEvent[], parser: EventParser): WireShape[] {
  return [...Map.groupBy(examined, ({ shape }) => shape).values()]
    .sort((a, b) => b.length - a.length)
    .slice(0, MAX_SHAPES)
    .map((some) => shapeOf(some, parser));
}

function shapeOf(examined: readonly ExaminedEvent[], parser: EventParser): WireShape {
  const times = examined.map(({ receivedAt }) => receivedAt.getTime());
  const readings = examined.map((sample) => readSample(sample, parser));
  const messages = readings.filter((event) => event instanceof MessageEvent);
  const share = (field: (typeof MESSAGE_FIELDS)[number]) =>
    messages.length === 0 ? 0 : messages.filter((event) => event[field] !== null).length / messages.length;
  return {
    examined: examined.length,
    firstReceivedAt: new Date(Math.min(...times)),
    lastReceivedAt: new Date(Math.max(...times)),
    readAs: Object.fromEntries([...Map.groupBy(readings, nameOf)].map(([name, some]) => [name, some.length])),
    fields: Object.fromEntries(
      MESSAGE_FIELDS.map((field) => [field, Math.round(share(field) * 1000) / 1000]),
    ),
    paths: Object.fromEntries(
      pathsOf(examined).map(({ path, values }) => [
        path,
        [...new Set(values.map((value) => (value === null ? 'null' : typeof value)))].sort(),
      ]),
    ),
  };
}

function nameOf(event: AnyPostackEvent | null): string {
  if (!event) return 'quarantined';
  return isIgnored(event) ? 'ignored' : event.type;
}
