import type { ActiveHours } from './active-hours.js';

/**
 * How a rule recognises a message, in the order of evaluation of rules with equal priority. Case makes no difference.
 *
 * - `keyword`: the message is one of the words or phrases in `pattern` (separated by commas: `hours, opening hours`),
 *   apart from punctuation, quotes or emoji around it
 * - `prefix`: the message begins with one of those, as whole words
 * - `regex`: the message contains a match of the regular expression `pattern` (RE2 syntax: linear time, no look-around)
 * - `default`: any message that no other rule answers, unless it may ask to opt out
 */
export const REPLY_RULE_KINDS = ['keyword', 'prefix', 'regex', 'default'] as const;

/** One of `REPLY_RULE_KINDS`. */
export type ReplyRuleKind = (typeof REPLY_RULE_KINDS)[number];

/** A rule to create. */
export interface NewReplyRule {
  /** 1 to 100 characters; unique. */
  name: string;
  /** Default `true`. */
  enabled?: boolean;
  /** Rules of higher priority are evaluated first. -1,000 to 1,000. Default 0. */
  priority?: number;
  /** Answer only messages to this own number. Default `null`: any. */
  ownNumber?: string | null;
  kind: ReplyRuleKind;
  /** What the message has to match; required for each kind but `default`. 1 to 500 characters. */
  pattern?: string | null;
  /** When the rule answers. Default `null`: always. */
  activeHours?: ActiveHours | null;
  /**
   * The answer, as a Mustache template with `{{from}}`, `{{to}}`, `{{text}}`, `{{messageId}}`, `{{occurredAt}}`
   * (ISO 8601 UTC) and, for `regex`, the groups: `{{match.0}}` (the whole match), `{{match.1}}`, `{{match.name}}`.
   * 1 to 2,000 characters. Nothing is escaped; values are never interpreted as templates.
   */
  template: string;
}

/** A message to evaluate rules for. */
export interface RuleMessage {
  /** The customer's number. */
  from: string;
  /** The own number that the message was sent to. */
  to: string;
  text: string;
  /** Postack's id of the message. */
  messageId?: string | null;
  /** When the message was sent, for active hours. Default: now. */
  at?: Date;
}
