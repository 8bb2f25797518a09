import {
  KNOWN_EVENT_TYPES,
  KNOWN_EVENTS,
  type EventKind,
  type EventTypeMap,
  type MessageEventClass,
} from './event-types.js';
import { isJsonObject, type JsonValue } from './json.js';
import {
  asText,
  compileMapping,
  compilePath,
  listsOf,
  mappingProblems,
  valueAt,
  type CompiledMapping,
  type CompiledPath,
  type PayloadMapping,
  type PayloadPaths,
} from './payload-mapping.js';

/** A value that a rule compares with; `null` stands for a missing value too. */
export type RuleValue = string | number | boolean | null;

/**
 * Decides what an event is taken for by more than its type: `{ when: { type: 'message.status', 'data.status':
 * ['delivered', 'DELIVRD'] }, type: 'message.delivered' }`.
 */
export interface EventRule {
  /** Path from the body on → the value there, or a list of possible values. All of them must hold. */
  when: Readonly<Record<string, RuleValue | readonly RuleValue[]>>;
  /** What the event is taken for. */
  type: EventKind;
  /** Paths of such events, where they are others than those of the option `payload`. */
  payload?: PayloadPaths;
}

/** The class of events that are taken for a known type; `ignored`; `undefined` for an unknown one. */
export type ResolvedKind = MessageEventClass | 'ignored' | undefined;

/** How an event is read. */
export interface Reading {
  kind: ResolvedKind;
  mapping: CompiledMapping;
}

/** What decides how an event is read. */
export interface ReadingOptions {
  eventTypes: EventTypeMap;
  eventRules: readonly EventRule[];
  defaultEventType: EventKind | null;
  mapping: PayloadMapping;
}

/** Decides how events are read: by the first rule that holds, else by `eventTypes`, else by `defaultEventType`. */
export class EventRules {
  readonly mapping: CompiledMapping;
  readonly #rules: readonly (Reading & { conditions: [CompiledPath, ReadonlySet<string>][] })[];
  readonly #types: ReadonlyMap<string, Reading>;
  readonly #others: Reading;

  constructor({ eventTypes, eventRules, defaultEventType, mapping }: ReadingOptions) {
    this.mapping = compileMapping(mapping);
    const reading = (kind: EventKind): Reading => ({ kind: resolve(kind), mapping: this.mapping });
    this.#rules = eventRules.map(({ when, type, payload = {} }) => ({
      conditions: Object.entries(when).map(([path, values]) => [
        compilePath(path),
        new Set([values].flat().map(textOf)),
      ]),
      kind: resolve(type),
      mapping: compileMapping({ ...mapping, ...listsOf(payload) }),
    }));
    this.#types = new Map(Object.entries(eventTypes).map(([name, kind]) => [name, reading(kind)]));
    this.#others =
      defaultEventType === null ? { kind: undefined, mapping: this.mapping } : reading(defaultEventType);
  }

  /** @param wireType Empty if the body has none. */
  readingOf(payload: JsonValue, wireType: string): Reading {
    const rule = this.#rules.find(({ conditions }) =>
      conditions.every(([path, values]) => values.has(textOf(valueAt(payload, path)))),
    );
    return rule ?? this.#types.get(wireType) ?? this.#others;
  }
}

/** `undefined` for what is no `EventKind`. */
function resolve(kind: unknown): ResolvedKind {
  if (kind === 'ignored') return kind;
  return KNOWN_EVENTS.find((known) => known === kind || known.type === kind);
}

/** What is wrong with the kind of an event. @param name Of the option, for messages. */
export function kindProblems(kind: unknown, name: string): string[] {
  if (resolve(kind) !== undefined) return [];
  return [`${name} must be one of ${KNOWN_EVENT_TYPES.join(', ')} or ignored`];
}

/** What is wrong with rules. @param name Of the option, for messages. */
export function ruleProblems(rules: unknown, name: string): string[] {
  if (!Array.isArray(rules)) return [`"${name}" must be a list of rules`];
  return rules.flatMap((rule: unknown, index) => {
    const place = `"${name}[${index}]`;
    if (!isJsonObject(rule)) return [`${place}" must be an object with when and type`];
    const others = Object.keys(rule).filter((key) => !['when', 'type', 'payload'].includes(key));
    const problems = others.map((key) => `${place}.${key}" is not an option; there are payload, type, when`);
    problems.push(...kindProblems(rule['type'], `${place}.type"`));
    if (rule['payload'] !== undefined) {
      problems.push(...mappingProblems(rule['payload'], `${name}[${index}].payload`));
    }
    const { when } = rule;
    if (!isJsonObject(when) || Object.keys(when).length === 0) {
      return [...problems, `${place}.when" must be an object of paths and values`];
    }
    for (const [path, values] of Object.entries(when)) {
      const isGood = [values].flat().every((value) => !isJsonObject(value) && !Array.isArray(value));
      if (!isGood || (Array.isArray(values) && values.length === 0)) {
        problems.push(`${place}.when": "${path}" must be a value or a list of values`);
      }
    }
    return problems;
  });
}

/** Values compare as texts: `30003` and `"30003"` are the same. Objects and lists are equal to nothing. */
function textOf(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return 'null';
  return typeof value === 'boolean' ? String(value) : (asText(value) ?? NO_VALUE);
}

/** Not storable, so no text is equal to it. */
const NO_VALUE = '\0';
