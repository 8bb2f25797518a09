import type { ActiveHours } from './active-hours.js';

/**
 * How a rule recognises a message, in the order in which rules of one priority are asked. Case makes no difference.
 *
 * - `keyword`: the message is one of the words or phrases in `pattern` (separated by commas: `hours, opening hours`),
 *   whatever punctuation or quotes are around it
 * - `prefix`: the message begins with one of those, as whole words
 * - `regex`: the regular expression `pattern` is found in the message (RE2 syntax: linear time, no look-around)
 * - `default`: any message, once no other rule answers
 */
export const REPLY_RULE_KINDS = ['keyword', 'prefix', 'regex', 'default'] as const;

/** One of `REPLY_RULE_KINDS`. */
export type ReplyRuleKind = (typeof REPLY_RULE_KINDS)[number];

/** A rule to be made. */
export interface NewReplyRule {
  /** 1 to 100 characters; no two rules have the same. */
  name: string;
  /** Default `true`. */
  enabled?: boolean;
  /** Higher ones are asked first, from -1,000 to 1,000. Default 0. */
  priority?: number;
  /** Only messages to this number of yours. Default `null`: to any. */
  ownNumber?: string | null;
  kind: ReplyRuleKind;
  /** What the message has to be, for each kind but `default`. At most 500 characters. */
  pattern?: string | null;
  /** When it answers. Default `null`: always. */
  activeHours?: ActiveHours | null;
  /**
   * The answer, as a Mustache template with `{{from}}`, `{{to}}`, `{{text}}`, `{{messageId}}`, `{{occurredAt}}`
   * (ISO 8601 UTC) and, for `regex`, the groups: `{{match.0}}` (all that was found), `{{match.1}}`, `{{match.name}}`.
   * At most 2,000 characters. Nothing is escaped; values are never read as templates.
   */
  template: string;
}

/** What a rule is asked about. */
export interface RuleMessage {
  /** Who wrote. */
  from: string;
  /** The number that was written to. */
  to: string;
  text: string;
  /** Postack's id of the message. */
  messageId?: string | null;
  /** When it was written, for active hours. Default: now. */
  at?: Date;
}
