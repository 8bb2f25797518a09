import type { KnownEventType } from '../events/event-types.js';

/** Words of types and states, as many providers spell them: the first line that matches decides. */
const WORDS: readonly [RegExp, KnownEventType][] = [
  [
    /undeliver|not delivered|unreach|unknown subscriber|delivery failed|delivery failure|deliveryfail/,
    'message.undelivered',
  ],
  [
    /\bundeliv\b|\bexpired\b|\brejectd\b|\brejected\b|\bblocked\b|\bspam\b|\binvalid\b/,
    'message.undelivered',
  ],
  [/\bfail|\berror\b|\bsending failed\b/, 'message.failed'],
  [/\bdeliver(ed|d|y success)?\b|\bdelivrd\b|\bread\b|\bacceptd\b/, 'message.delivered'],
  [/\binbound\b|\breceived?\b|\bmo\b|\bincoming\b|\breply\b/, 'message.received'],
  [/\bsent\b|\bsubmitted\b|\bdispatched\b|\benroute\b|\bsending\b/, 'message.sent'],
  [/\bqueued\b|\baccepted\b|\bscheduled\b|\bbuffered\b|\bcreated\b|\bpending\b/, 'message.queued'],
];

/** Words of events about several states: which of them is in another field. */
const REPORT = /\b(status|report|receipt|dlr|finalized|updated?|delivery report|notification)\b/;

/** The words in a name, in lower case: `originationPhoneNumber` is `origination phone number`. */
export function wordsIn(name: string): string {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/[^A-Za-z\d]+/g, ' ')
    .trim()
    .toLowerCase();
}

/** What a type or state probably stands for; `undefined` if its words do not say. */
export function kindOfWord(word: string): KnownEventType | undefined {
  const words = wordsIn(word);
  if (words === '' || words.length > 60) return undefined;
  const match = WORDS.find(([pattern]) => pattern.test(words))?.[1];
  // A "delivery report" says only that there is a state.
  return REPORT.test(words) && (match === 'message.delivered' || match === 'message.received')
    ? undefined
    : match;
}
