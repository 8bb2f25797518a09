import { normalizePhoneNumber } from '../../events/phone-number.js';
import { isWithinHours, problemsWithHours } from './active-hours.js';
import { REPLY_RULE_KINDS } from './reply-rule.js';
import type { NewReplyRule, RuleMessage } from './reply-rule.js';
import type { ReplyRuleEntity } from './reply-rule.entity.js';
import { compilePattern } from './rule-pattern.js';
import { compileTemplate } from './reply-template.js';

/** A rule with every default filled in. */
export type ReplyRuleSettings = Required<NewReplyRule>;

/** Why a rule does not answer a message. Only a rule that was not stored by `ReplyRules` can be `invalid`. */
export type NoAnswerReason =
  'disabled' | 'invalid' | 'other number' | 'outside its hours' | 'does not match' | 'a higher rule answers';

/** The answer of a rule to a message, or the reason why it does not answer. */
export type RuleVerdict = { text: string } | { reason: NoAnswerReason };

/** A stored rule with compiled pattern and template. */
export interface CompiledRule {
  rule: ReplyRuleEntity;
  judge: (message: RuleMessage) => RuleVerdict;
}

const MAX_NAME_LENGTH = 100;
const MAX_PRIORITY = 1000;
const MESSAGE_NAMES = ['from', 'to', 'text', 'messageId', 'occurredAt'];

/** E.164, a short code, or an alphanumeric sender name. */
const OWN_NUMBER = /^(?:\+[1-9]\d{4,14}|\d{3,8}|[\p{L}\d][\p{L}\d ._&-]{0,10})$/u;

/** Sorts rules in the order of evaluation: by priority, kind and name; default rules last. */
export function byPrecedence(a: ReplyRuleEntity, b: ReplyRuleEntity): number {
  const rank = ({ kind }: ReplyRuleEntity) => REPLY_RULE_KINDS.indexOf(kind);
  const isDefault = ({ kind }: ReplyRuleEntity) => Number(kind === 'default');
  return (
    isDefault(a) - isDefault(b) || b.priority - a.priority || rank(a) - rank(b) || (a.name < b.name ? -1 : 1)
  );
}

/** One line for each invalid property of a rule. */
export function problemsWithRule(rule: ReplyRuleSettings): string[] {
  const { name, priority, ownNumber } = rule;
  const problems: string[] = [];
  if (!/\S/.test(name) || name.length > MAX_NAME_LENGTH) {
    problems.push(`name must be a text of 1 to ${MAX_NAME_LENGTH} characters`);
  }
  if (!Number.isInteger(priority) || Math.abs(priority) > MAX_PRIORITY) {
    problems.push(`priority must be a whole number from -${MAX_PRIORITY} to ${MAX_PRIORITY}`);
  }
  if (ownNumber !== null && !OWN_NUMBER.test(normalizePhoneNumber(ownNumber))) {
    problems.push('ownNumber must be one of your numbers, like +15550100002');
  }
  return [...problems, ...compile(rule).problems];
}

/** Compiles a stored rule. A rule with `problems`, one line for each, answers nothing. */
export function compileRule(rule: ReplyRuleEntity): { compiled: CompiledRule; problems: string[] } {
  const { pattern, template, problems } = compile(rule);
  const judge = (message: RuleMessage): RuleVerdict => {
    const { from, to, text, messageId, at = new Date() } = message;
    if (!rule.enabled) return { reason: 'disabled' };
    if (problems.length > 0) return { reason: 'invalid' };
    if (rule.ownNumber !== null && rule.ownNumber !== normalizePhoneNumber(to))
      return { reason: 'other number' };
    if (rule.activeHours && !isWithinHours(rule.activeHours, at)) return { reason: 'outside its hours' };
    const groups = pattern.match(text);
    if (!groups) return { reason: 'does not match' };
    const values = { from, to, text, messageId: messageId ?? '', occurredAt: at.toISOString() };
    const matched = [...groups].map(([name, value]): [string, string] => [`match.${name}`, value]);
    return { text: template.render(new Map([...Object.entries(values), ...matched])) };
  };
  return { compiled: { rule, judge }, problems };
}

function compile({ kind, pattern, activeHours, template }: ReplyRuleSettings) {
  const problems: string[] = [];
  const compiledPattern = compilePattern(kind, pattern, problems);
  const names = [...MESSAGE_NAMES, ...compiledPattern.groups.map((group) => `match.${group}`)];
  const compiledTemplate = compileTemplate(template, names, problems);
  if (activeHours) problems.push(...problemsWithHours(activeHours));
  return { pattern: compiledPattern, template: compiledTemplate, problems };
}
