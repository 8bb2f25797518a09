import type { NewReplyRule } from '../replies/rules/reply-rule.js';

/** The reply rules of the demo; stored like any other rules. */
export const DEMO_RULES: readonly NewReplyRule[] = [
  {
    name: 'demo: opening hours',
    kind: 'regex',
    pattern: String.raw`\b(hours|open)\b`,
    template: 'We are open from 9 to 18, Monday to Friday.',
    priority: 10,
  },
  {
    name: 'demo: order',
    kind: 'regex',
    pattern: String.raw`^order (?P<number>\d+)$`,
    template: 'Order {{match.number}} is on its way.',
    priority: 10,
  },
  { name: 'demo: anything else', kind: 'default', template: 'Thanks, we will get back to you.' },
];
