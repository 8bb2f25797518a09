// nestjs-postack/replies: stored reply rules, opt-outs and suppressions. Pinned by test/public-surface.test.ts; changes
// belong in CHANGELOG.md.

import '../errors/node-version.js';
export type { Confirmations, OptOutScope } from '../opt-outs/opt-outs.options.js';
export type { ActiveHours } from './rules/active-hours.js';
export type { NoAnswerReason } from './rules/compiled-rule.js';
export {
  InvalidReplyRuleError,
  ReplyRuleNameTakenError,
  ReplyRuleNotFoundError,
} from './rules/reply-rule-errors.js';
export { ReplyRuleEntity } from './rules/reply-rule.entity.js';
export {
  REPLY_RULE_KINDS,
  type NewReplyRule,
  type ReplyRuleKind,
  type RuleMessage,
} from './rules/reply-rule.js';
export type { OptOutAction, OptOutSource } from '../opt-outs/opt-out-evidence.entity.js';
export { OptOutEvidenceEntity } from '../opt-outs/opt-out-evidence.entity.js';
export type { OptOutImport } from '../opt-outs/opt-out-import.js';
export { OptOutLedger, type ReviewDecision, type ReviewsFilter } from '../opt-outs/opt-out-ledger.js';
export type { EntriesFilter, OptOutFilter } from '../opt-outs/opt-out-lists.js';
export {
  InvalidOptOutError,
  OptOutNotFoundError,
  OptOutReviewNotFoundError,
  OptOutReviewStateError,
} from '../opt-outs/opt-out-errors.js';
export type { OptOutRequest } from '../opt-outs/opt-out-request.js';
export { OptOutEntity } from '../opt-outs/opt-out.entity.js';
export { ReplyRules, type RuleAnswer, type RuleExplanation } from './rules/reply-rules.js';
export type { NumberListImport } from '../csv/number-list-import.js';
export { SuppressionEntity, type SuppressionSource } from '../suppressions/suppression.entity.js';
export type { SuppressionFilter } from '../suppressions/suppression-lists.js';
export { InvalidSuppressionError, SuppressionNotFoundError } from '../suppressions/suppression-errors.js';
export {
  Suppressions,
  type SuppressionEvidence,
  type SuppressionRequest,
} from '../suppressions/suppressions.js';
