import { applyOptions } from '../errors/option-rules.js';
import { DEFAULT_EVENT_TYPES, type EventTypeMap } from './event-types.js';
import { DEFAULT_PAYLOAD_MAPPING, type PayloadMapping } from './payload-mapping.js';

/** Options of reading events. */
export class EventsOptions {
  /** Wire types beyond the known ones, or other names for those: `{ 'sms.inbound': MessageReceivedEvent }`. */
  eventTypes: EventTypeMap = DEFAULT_EVENT_TYPES;

  /** Where each field is found in the payload; each entry replaces its default. */
  payload: Partial<PayloadMapping> = DEFAULT_PAYLOAD_MAPPING;

  constructor(given: EventsOptionsInput = {}) {
    applyOptions(this, given);
    this.eventTypes = { ...DEFAULT_EVENT_TYPES, ...this.eventTypes };
  }

  /** `payload` with the defaults filled in. */
  get mapping(): PayloadMapping {
    return { ...DEFAULT_PAYLOAD_MAPPING, ...this.payload };
  }
}

export type EventsOptionsInput = Partial<Omit<EventsOptions, 'mapping'>>;
