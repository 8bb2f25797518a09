import { applyOptions, HasNoProblems } from '../errors/option-rules.js';
import { kindProblems, ruleProblems, type EventRule } from './event-rules.js';
import { DEFAULT_EVENT_TYPES, type EventKind, type EventTypeMap } from './event-types.js';
import { isJsonObject } from './json.js';
import {
  DEFAULT_PAYLOAD_MAPPING,
  listsOf,
  mappingProblems,
  type PayloadMapping,
  type PayloadPaths,
} from './payload-mapping.js';

/** Options of reading events. */
export class EventsOptions {
  /**
   * Wire types beyond the known ones, or other names for those: `{ 'sms.inbound': 'message.received' }`. A type that is
   * `'ignored'` is stored, and raises nothing.
   */
  @HasNoProblems(typesProblems)
  eventTypes: EventTypeMap = DEFAULT_EVENT_TYPES;

  /**
   * What an event is taken for by more than its type: `[{ when: { type: 'message.status', 'data.status': ['delivered',
   * 'DELIVRD'] }, type: 'message.delivered' }]`. Paths start at the body; all of `when` must hold. The first rule that holds
   * decides, then `eventTypes`, then `defaultEventType`. A rule may have paths of its own: `payload`.
   */
  @HasNoProblems((value) => ruleProblems(value, 'eventRules'))
  eventRules: readonly EventRule[] = [];

  /** What all other events are taken for: only where inbound messages have no type at all. Default: unknown. */
  @HasNoProblems((value) => (value === null ? [] : kindProblems(value, '"defaultEventType"')))
  defaultEventType: EventKind | null = null;

  /** Where each field is found in the payload: a path or a list of them; each entry replaces its default. */
  @HasNoProblems((value) => mappingProblems(value, 'payload'))
  payload: PayloadPaths = DEFAULT_PAYLOAD_MAPPING;

  constructor(given: EventsOptionsInput = {}) {
    applyOptions(this, given);
    if (isJsonObject(this.eventTypes)) this.eventTypes = { ...DEFAULT_EVENT_TYPES, ...this.eventTypes };
  }

  /** `payload` with the defaults filled in. */
  get mapping(): PayloadMapping {
    return { ...DEFAULT_PAYLOAD_MAPPING, ...listsOf(this.payload) };
  }
}

export type EventsOptionsInput = Partial<Omit<EventsOptions, 'mapping'>>;

function typesProblems(value: unknown): string[] {
  if (!isJsonObject(value)) return ['"eventTypes" must be an object of types'];
  return Object.entries(value).flatMap(([name, kind]) => kindProblems(kind, `"eventTypes": "${name}"`));
}
