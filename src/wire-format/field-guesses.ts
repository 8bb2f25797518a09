import { asTime } from '../events/event-time.js';
import { asErrorCode, asSegments, type PayloadMapping } from '../events/payload-mapping.js';
import { phoneNumberFromEvent } from '../events/phone-number.js';
import { wordsIn } from './kind-words.js';
import { OTHER_KEY, type Leaf } from './payload-leaves.js';
import type { PathValues } from './sample.js';

/** What can be found by names and values: all but `data`, which follows from the others. */
export type GuessedField = Exclude<keyof PayloadMapping, 'data'> | 'direction';

interface Hint {
  /** Of the words in a name, the likeliest first. */
  names: readonly RegExp[];
  fits: (value: Leaf['value']) => boolean;
}

const isText = (value: Leaf['value']): value is string => typeof value === 'string' && value !== '';
const isWord = (value: Leaf['value']) =>
  isText(value) && /^[A-Za-z][\w.:/ -]{1,60}$/.test(value) && !isPhone(value);

function isPhone(value: Leaf['value']): boolean {
  if (typeof value !== 'string' && typeof value !== 'number') return false;
  const number = phoneNumberFromEvent(String(value));
  return number !== null && /^\+?\d{7,15}$/.test(number);
}

const HINTS: Record<GuessedField, Hint> = {
  type: {
    names: [
      /^(event type|event name|event)$/,
      /^(type|kind|topic|action|record type|notification type|trigger)$/,
      /\b(event|type|kind)\b/,
    ],
    fits: (value) => isWord(value) && asTime(value) === null,
  },
  messageId: {
    names: [
      /^(message|msg|sms|inbound message)( s)? ?(id|sid|uuid|uid|guid|ref|reference)$/,
      /^(id|sid|uuid|ref|reference)$/,
      /^(batch|delivery|request) id$/,
      /\b(message|msg|sms|mo|mt)\b.*\b(id|sid|uuid|guid|ref|reference)$/,
    ],
    fits: (value) =>
      (typeof value === 'number' && Number.isInteger(value)) ||
      (isText(value) && /^[\w:.+/=-]{1,200}$/.test(value) && asTimeText(value) === null),
  },
  from: {
    names: [
      /^(from|sender|source|src|origin|originator|origination|originating)( (addr|address|number|phone|phone number|id))?$/,
      /^(msisdn|caller|customer|mobile|phone|phone number)$/,
      /\b(from|sender|source|src|origin|originator|originating|caller|customer)\b/,
    ],
    fits: isPhone,
  },
  to: {
    names: [
      /^(to|recipient|destination|dest|dst|receiver)( (addr|address|number|phone|phone number|id))?$/,
      /^(inbound number|own number|short ?code|long ?code)$/,
      /\b(to|recipient|destination|dest|dst|receiver|receiving)\b/,
    ],
    fits: isPhone,
  },
  text: {
    names: [
      /^(message|sms|text|msg)? ?(text|body|content)$/,
      /^(message|msg|sms)$/,
      /\b(text|body|content|message|msg)\b/,
    ],
    fits: (value) => isText(value) && !isPhone(value) && asTimeText(value) === null,
  },
  timestamp: {
    names: [
      /^(event )?(timestamp|time stamp)$/,
      /^(occurred|received|created|sent|done|delivered|message|event)( (at|on|time|date|timestamp))$/,
      /^(date|time|at|datetime|date time|created)$/,
      /\b(time|timestamp|date|at)$/,
    ],
    fits: (value) => value !== null && asTime(value) !== null,
  },
  status: {
    names: [
      /^(message |sms |delivery |dlr )?(status|state)$/,
      /^(status|state) ?(name|text|group name)$/,
      /^group name$/,
      /\b(status|state)\b/,
    ],
    fits: isWord,
  },
  direction: { names: [/^direction$/], fits: isWord },
  errorCode: {
    names: [
      /^(error|err|failure|reason)( (code|id|name))$/,
      /^(code)$/,
      /^(error|status code)$/,
      /\b(error|err|failure)\b.*\bcode\b/,
    ],
    fits: (value) => value !== null && value !== 0 && value !== '0' && asErrorCode(value) !== null,
  },
  errorMessage: {
    names: [/^(error|failure) (message|text|description|reason|detail)$/, /^(reason|detail|description)$/],
    fits: (value) => isText(value) && !isPhone(value),
  },
  segments: {
    names: [/^(num |total |message |sms )*(segments|parts|message parts|pdu count|segment count)( count)?$/],
    fits: (value) => value !== null && asSegments(value) !== null && Number(value) > 0,
  },
};

/** Names that say only how the value is spelled: the one above says what it is. */
const NEUTRAL = /^(phone number|number|address|endpoint|value|e164)$/;

/** A field is there if so many values of its path fit. */
const MIN_FIT = 0.8;

/** The likeliest path of a field; `undefined` if none is likely. */
export function guessPath(field: GuessedField, paths: readonly PathValues[]): string | undefined {
  const { names, fits } = HINTS[field];
  let best: { path: string; rank: number } | undefined;
  for (const { path, values } of paths) {
    if (path.split('.').includes(OTHER_KEY)) continue;
    const rank = rankOf(path, names);
    if (rank === undefined || values.filter(fits).length < values.length * MIN_FIT) continue;
    if (!best || rank < best.rank) best = { path, rank };
  }
  return best?.path;
}

/** Smaller is likelier; `undefined` if its name says something else. */
function rankOf(path: string, names: readonly RegExp[]): number | undefined {
  const keys = path.split('.').filter((key) => !/^\d+$/.test(key));
  const last = wordsIn(keys.at(-1) ?? '');
  const above = wordsIn(keys.at(-2) ?? '');
  const candidates = NEUTRAL.test(last) ? [above, `${above} ${last}`, last] : [last, `${above} ${last}`];
  const ranks = candidates.flatMap((name) => {
    const rank = names.findIndex((pattern) => pattern.test(name));
    return rank < 0 ? [] : rank;
  });
  // Of two that are named alike, the one that is not as deep.
  return ranks.length === 0 ? undefined : Math.min(...ranks) + keys.length / 100;
}

function asTimeText(value: string): Date | null {
  return /\D/.test(value) ? asTime(value) : null;
}
