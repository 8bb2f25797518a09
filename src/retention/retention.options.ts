import { ValidateBy } from 'class-validator';

/** How long stored events are kept, in days of 24 hours since they were received. Fractions are allowed. */
export interface RetentionDays {
  /** Days until the payload is removed; everything else about the event stays. 1 to 36,500. Default 30. */
  payloadDays?: number;
  /**
   * Days until the event is removed completely; after that, its id would count as a new event. Not less than
   * `payloadDays`, at most 36,500. Default 90, for which Postack can be asked to send an event again; or `payloadDays`
   * when that is more.
   */
  eventDays?: number;
}

/** The same with the defaults filled in; `false` when everything is kept. */
export type ResolvedRetention = Readonly<Required<RetentionDays>> | false;

const DEFAULT_PAYLOAD_DAYS = 30;
const DEFAULT_EVENT_DAYS = 90;

/** Postack sends an event again for 28 hours: events younger than a day may still be in progress. */
const MIN_DAYS = 1;

/** A hundred years. */
const MAX_DAYS = 36_500;

/** Options of removing old events. */
export class RetentionOptions {
  /**
   * How long stored events are kept: `{ payloadDays, eventDays }`; `false` keeps everything. Only events that every
   * handler is done with are removed; those that are quarantined or unhandled are kept until an operator decides. Applies to every endpoint in the database. Default
   * `{ payloadDays: 30, eventDays: 90 }`.
   */
  @IsRetention('"retention.payloadDays"', '"retention.eventDays"')
  retention: ResolvedRetention;

  constructor({ retention }: RetentionOptionsInput = {}) {
    this.retention = resolveRetention(retention);
  }
}

export interface RetentionOptionsInput {
  retention?: RetentionDays | false;
}

/** Fills in the defaults; checks nothing. */
export function resolveRetention(retention: RetentionDays | false = {}): ResolvedRetention {
  if (retention === false) return false;
  const { payloadDays = DEFAULT_PAYLOAD_DAYS } = retention;
  // When one of the two is wrong, only that one is reported.
  const atLeast = isDays(payloadDays) ? payloadDays : 0;
  return { payloadDays, eventDays: retention.eventDays ?? Math.max(DEFAULT_EVENT_DAYS, atLeast) };
}

/** Property decorator: a `ResolvedRetention` that can be kept to. The messages call its two parts by these names. */
export function IsRetention(payloadDays: string, eventDays: string): PropertyDecorator {
  const problems = (retention: ResolvedRetention): string[] => {
    if (retention === false) return [];
    const wrong = Object.entries({
      [payloadDays]: retention.payloadDays,
      [eventDays]: retention.eventDays,
    }).filter(([, days]) => !isDays(days));
    if (wrong.length > 0) {
      return wrong.map(([name]) => `${name} must be a number of days, from ${MIN_DAYS} to ${MAX_DAYS}`);
    }
    if (retention.eventDays >= retention.payloadDays) return [];
    return [
      `${eventDays} (${retention.eventDays}) must not be less than ${payloadDays} (${retention.payloadDays}): ` +
        'without its id, an event is not kept at all',
    ];
  };
  return ValidateBy({
    name: 'isRetention',
    validator: {
      validate: (value: ResolvedRetention) => problems(value).length === 0,
      defaultMessage: (context) => problems(context?.value as ResolvedRetention).join('; '),
    },
  });
}

function isDays(days: unknown): boolean {
  return typeof days === 'number' && days >= MIN_DAYS && days <= MAX_DAYS;
}
