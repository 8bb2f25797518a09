/**
 * Words that opt out when they stand alone. 47 CFR 64.1200(a)(10) names "stop", "quit", "end", "revoke", "opt out",
 * "cancel" and "unsubscribe"; the others are what carriers take as well. Case, accents and punctuation make no difference:
 * ARRET is also ARRÊT.
 */
export const STOP_KEYWORDS: readonly string[] = [
  'STOP',
  'STOPALL',
  'STOP ALL',
  'UNSUBSCRIBE',
  'CANCEL',
  'END',
  'QUIT',
  'REVOKE',
  'OPTOUT',
  'OPT OUT',
  'OPT-OUT',
  'REMOVE',
  'ARRET',
];

/** Words that opt in again when they stand alone, after an opt-out. */
export const START_KEYWORDS: readonly string[] = ['START', 'YES', 'UNSTOP'];

/** Words that ask for help when they stand alone. */
export const HELP_KEYWORDS: readonly string[] = ['HELP', 'INFO'];
