/**
 * Words that opt out when they are the whole message. 47 CFR 64.1200(a)(10) names "stop", "quit", "end", "revoke",
 * "opt out", "cancel" and "unsubscribe"; carriers accept the others as well. Case, accents and punctuation make no
 * difference: ARRET also matches ARRÊT.
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

/** Words that opt in again after an opt-out when they are the whole message. */
export const START_KEYWORDS: readonly string[] = ['START', 'YES', 'UNSTOP'];

/** Words that ask for help when they are the whole message. */
export const HELP_KEYWORDS: readonly string[] = ['HELP', 'INFO'];
