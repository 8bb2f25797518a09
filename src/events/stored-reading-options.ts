import { createHash } from 'node:crypto';
import type { EventRule, ReadingOptions } from './event-rules.js';
import type { EventKind, EventTypeName } from './event-types.js';
import type { PayloadMapping } from './payload-mapping.js';

/** `ReadingOptions` as JSON: with names in place of classes. */
export interface StoredReadingOptions {
  eventTypes: Readonly<Record<string, EventTypeName>>;
  eventRules: readonly (EventRule & { type: EventTypeName })[];
  defaultEventType: EventTypeName | null;
  mapping: PayloadMapping;
}

export function storedReadingOptions(options: ReadingOptions): StoredReadingOptions {
  const { eventTypes, eventRules, defaultEventType, mapping } = options;
  return {
    eventTypes: Object.fromEntries(Object.entries(eventTypes).map(([name, kind]) => [name, nameOf(kind)])),
    eventRules: eventRules.map(({ when, type, payload }) => ({
      when,
      type: nameOf(type),
      ...(payload && { payload }),
    })),
    defaultEventType: defaultEventType === null ? null : nameOf(defaultEventType),
    mapping,
  };
}

/** The same for options that read every event alike. */
export function fingerprintOf(options: StoredReadingOptions): string {
  // The order of an object's keys means nothing; that of rules and paths does.
  const text = JSON.stringify(options, (_key, value: unknown) => (isObject(value) ? sorted(value) : value));
  return createHash('sha256').update(text).digest('hex');
}

function nameOf(kind: EventKind): EventTypeName {
  return typeof kind === 'string' ? kind : kind.type;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sorted(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}
