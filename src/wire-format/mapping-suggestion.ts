import { EventParser } from '../events/event-parser.js';
import type { EventRule, ReadingOptions } from '../events/event-rules.js';
import { EventsOptions } from '../events/events.options.js';
import { storedReadingOptions, type StoredReadingOptions } from '../events/stored-reading-options.js';
import type { EventTypeName, KnownEventType } from '../events/event-types.js';
import { MESSAGE_FIELDS, MessageEvent } from '../events/message-event.js';
import { MessageReceivedEvent } from '../events/message-received.event.js';
import { DEFAULT_PAYLOAD_MAPPING, type PayloadMapping } from '../events/payload-mapping.js';
import { guessPath, type GuessedField } from './field-guesses.js';
import { kindOfWord } from './kind-words.js';
import type { Leaf } from './payload-leaves.js';
import { pathsOf, readSample, type PathValues, type Sample } from './sample.js';

/** As `EventRule`. */
export interface SuggestedRule {
  when: Record<string, string | string[]>;
  type: EventTypeName;
}

/** Options of the module, and parts of the configuration file, that read events. */
export interface SuggestedMapping {
  payload?: Partial<Record<keyof PayloadMapping, string | string[]>>;
  eventTypes?: Record<string, EventTypeName>;
  eventRules?: EventRule[];
  defaultEventType?: EventTypeName;
}

/** A guess by the names and values that came in: to be checked by an operator. */
export interface MappingSuggestion {
  /** To be added to the configuration. */
  configuration: SuggestedMapping;
  /** The share of the examined events that are read completely now: their kind is known, and all that it needs is found. */
  readNow: number;
  /** The same with the suggestion. */
  readThen: number;
}

/** Bodies of one shape. */
interface Shape {
  samples: readonly Sample[];
  paths: readonly PathValues[];
  guess: Guess;
}

type Guess = Partial<Record<GuessedField, string>>;

/**
 * Suggests a mapping for the bodies that the one of now does not read completely; what that reads, the suggestion reads too.
 * `null` if there is nothing better.
 */
export function suggestMapping(
  samples: readonly Sample[],
  options: ReadingOptions,
): MappingSuggestion | null {
  const parser = new EventParser(options);
  const unread = samples.filter((sample) => !isRead(sample, parser));
  if (unread.length === 0) return null;
  const readNow = (samples.length - unread.length) / samples.length;
  const known = storedReadingOptions(options);
  const shapes = [...Map.groupBy(unread, ({ shape }) => shape).values()]
    .sort((a, b) => b.length - a.length)
    .map((some) => {
      const paths = pathsOf(some);
      return { samples: some, paths, guess: guessOf(paths) };
    });
  const configuration = {
    ...payloadOf(shapes, readNow > 0 ? known.mapping : null),
    ...kindsOf(shapes, known),
  };
  const readThen = shareRead(samples, new EventParser(new EventsOptions(configuration)));
  return readThen > readNow ? { configuration, readNow, readThen } : null;
}

function guessOf(paths: readonly PathValues[]): Guess {
  const fields = ['type', 'timestamp', 'direction', ...MESSAGE_FIELDS] as const;
  const guess: Guess = {};
  for (const field of fields) {
    const taken = new Set(Object.values(guess));
    const path = guessPath(
      field,
      paths.filter((one) => !taken.has(one.path)),
    );
    if (path !== undefined) guess[field] = path;
  }
  return guess;
}

/** Where the fields are: from what all their paths start with, or from the body on. @param known The paths of now. */
function payloadOf(
  shapes: readonly Shape[],
  known: PayloadMapping | null,
): Pick<SuggestedMapping, 'payload'> {
  const root = commonRoot(
    shapes.flatMap(({ guess }) => MESSAGE_FIELDS.flatMap((field) => guess[field] ?? [])),
  );
  const payload: SuggestedMapping['payload'] = {};
  const set = (field: keyof PayloadMapping, guessed: readonly string[]) => {
    const paths = [...new Set([...guessed, ...(known?.[field] ?? [])])];
    const isDefault = paths.every((path) => DEFAULT_PAYLOAD_MAPPING[field].includes(path));
    if (guessed.length === 0 || isDefault) return;
    payload[field] = paths.length === 1 ? paths[0] : paths;
  };
  set('type', typePaths(shapes));
  set('timestamp', guessedPaths(shapes, 'timestamp', ''));
  if (root !== '') set('data', [root]);
  // Without `data`, the fields are looked for in the body anyway.
  else if (!known) payload.data = [];
  for (const field of MESSAGE_FIELDS) set(field, guessedPaths(shapes, field, root));
  return Object.keys(payload).length > 0 ? { payload } : {};
}

function guessedPaths(shapes: readonly Shape[], field: GuessedField, root: string): string[] {
  const start = root === '' ? 0 : root.length + 1;
  return [...new Set(shapes.flatMap(({ guess }) => guess[field]?.slice(start) ?? []))];
}

/** What is in fewer shapes comes first: an envelope has a type too. */
function typePaths(shapes: readonly Shape[]): string[] {
  const count = (path: string) => shapes.filter(({ paths }) => paths.some((one) => one.path === path)).length;
  return guessedPaths(shapes, 'type', '').sort((a, b) => count(a) - count(b));
}

/** The longest path that all of them continue. */
function commonRoot(paths: readonly string[]): string {
  const [first = [], ...others] = paths.map((path) => path.split('.').slice(0, -1));
  const length = first.findIndex((key, index) => others.some((other) => other[index] !== key));
  return first.slice(0, length < 0 ? first.length : length).join('.');
}

/**
 * What the events are taken for: by their type, by a type and a state, by a direction, or because they have a text.
 *
 * @param known What decides now; it stays.
 */
function kindsOf(
  shapes: readonly Shape[],
  known: Pick<StoredReadingOptions, 'eventTypes' | 'eventRules' | 'defaultEventType'>,
): Omit<SuggestedMapping, 'payload'> {
  const eventTypes = Object.fromEntries(
    Object.entries(known.eventTypes).filter(([name, kind]) => name !== kind),
  );
  const rules = new Map<string, SuggestedRule>();
  let defaultEventType = known.defaultEventType;
  for (const { samples, guess } of shapes) {
    for (const { leaves } of samples) {
      const at = (path: string | undefined) => wordAt(leaves, path);
      const [type, status, direction] = [at(guess.type), at(guess.status), at(guess.direction)];
      const ofType = kindOfWord(type ?? '');
      const ofStatus = kindOfWord(status ?? '');
      const isReceived = kindOfWord(direction ?? '') === 'message.received';
      const hasText = status === undefined && guess.text !== undefined;
      if (type !== undefined && ofType) {
        if (type !== ofType) eventTypes[type] = ofType;
      } else if (guess.status !== undefined && status !== undefined && ofStatus) {
        const when = type !== undefined && guess.type !== undefined ? { [guess.type]: type } : {};
        addRule(rules, when, [guess.status, status], ofStatus);
      } else if (guess.direction !== undefined && direction !== undefined && isReceived) {
        addRule(rules, {}, [guess.direction, direction], 'message.received');
      } else if (hasText && type !== undefined) {
        eventTypes[type] = 'message.received';
      } else if (hasText) {
        defaultEventType ??= 'message.received';
      }
    }
  }
  const eventRules = [...known.eventRules, ...rules.values()];
  return {
    ...(Object.keys(eventTypes).length > 0 && { eventTypes }),
    ...(eventRules.length > 0 && { eventRules }),
    ...(defaultEventType !== null && { defaultEventType }),
  };
}

/** One rule for each kind, with all the states that stand for it. */
function addRule(
  rules: Map<string, SuggestedRule>,
  when: Record<string, string>,
  [path, value]: [string, string],
  type: KnownEventType,
): void {
  const key = JSON.stringify([when, path, type]);
  const rule = rules.get(key) ?? { when: { ...when, [path]: [] as string[] }, type };
  const values = [rule.when[path] ?? []].flat();
  if (!values.includes(value)) values.push(value);
  rule.when = { ...rule.when, [path]: values.length === 1 ? (values[0] ?? '') : values };
  rules.set(key, rule);
}

function wordAt(leaves: readonly Leaf[], path: string | undefined): string | undefined {
  const value = leaves.find((leaf) => leaf.path === path)?.value;
  return typeof value === 'string' ? value : undefined;
}

/** The share of bodies that are read completely. */
function shareRead(samples: readonly Sample[], parser: EventParser): number {
  if (samples.length === 0) return 1;
  return samples.filter((sample) => isRead(sample, parser)).length / samples.length;
}

function isRead(sample: Sample, parser: EventParser): boolean {
  const event = readSample(sample, parser);
  if (!(event instanceof MessageEvent)) return false;
  if (event.messageId === null) return false;
  return event instanceof MessageReceivedEvent
    ? event.from !== null && event.text !== null
    : event.to !== null;
}
