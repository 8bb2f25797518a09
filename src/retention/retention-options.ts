import { ValidateBy } from 'class-validator';

/** How long stored events are kept, in days of 24 hours since they were received. Fractions are allowed. */
export interface RetentionOptions {
  /** After that the body is removed; everything else that is known of the event stays. 1 to 36,500. Default 30. */
  payloadDays?: number;
  /**
   * After that the event is removed wholly; its id would be taken for a new one. Not less than `payloadDays`, at most
   * 36,500. Default 90, for so long Postack can be asked to send an event again; or `payloadDays`, when that is more.
   */
  eventDays?: number;
}

/** The same with the defaults filled in; `false` when everything is kept. */
export type ResolvedRetention = Readonly<Required<RetentionOptions>> | false;

const DEFAULT_BODY_DAYS = 30;
const DEFAULT_ID_DAYS = 90;

/** Postack sends an event again for 28 hours: what is younger than a day may still be worked on. */
const MIN_DAYS = 1;

/** A hundred years. */
const MAX_DAYS = 36_500;

/** Fills in the defaults; checks nothing. */
export function resolveRetention(retention: RetentionOptions | false = {}): ResolvedRetention {
  if (retention === false) return false;
  const { payloadDays = DEFAULT_BODY_DAYS } = retention;
  // What is wrong with one is not to be told of the other.
  const atLeast = isDays(payloadDays) ? payloadDays : 0;
  return { payloadDays, eventDays: retention.eventDays ?? Math.max(DEFAULT_ID_DAYS, atLeast) };
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
