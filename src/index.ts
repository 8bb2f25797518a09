// The public surface, name by name. test/public-surface.test.ts pins it; CHANGELOG.md tells of every change.

export { postackMigrations } from '../migrations/index.js';
export { ConfigurationError } from './errors/configuration-error.js';
export { PostackModule } from './postack.module.js';
export type { PostackModuleExtras } from './postack.core.module.js';
export type { PostackModuleOptions } from './postack.options.js';
export type { PostackRole } from './jobs/jobs.options.js';
export { DEFAULT_SCHEMA, postackEntities } from './postack.entities.js';
export { InvalidCursorError, type Page } from './database/keyset-page.js';
export { ConflictError, InvalidRequestError, NotFoundError } from './errors/request-errors.js';

// webhook/
export { SvixSignatureGuard, verifiedSignatureOf } from './webhook/svix-signature.guard.js';
export { SignatureError, type SignatureFault, type VerifiedSignature } from './webhook/svix-signature.js';
export { WebhookCounters } from './webhook/webhook-counters.js';
export type { WebhookOutcome } from './webhook/webhook-answer.js';
export { WebhookSecretError } from './webhook/webhook-secret.js';

// events/
export {
  DEFAULT_EVENT_TYPES,
  KNOWN_EVENT_TYPES,
  type AnyPostackEvent,
  type EventTypeMap,
  type KnownEventClass,
  type KnownEventType,
  type KnownPostackEvent,
} from './events/event-types.js';
export type {
  BatchOptions,
  ListenerOptions,
  OnPostackEventOptions,
  PostackProjectionOptions,
  RetryPolicy,
  Subscription,
} from './listeners/handler-metadata.js';
export type { JsonObject, JsonValue } from './events/json.js';
export { MessageDeliveredEvent } from './events/message-delivered.event.js';
export { MessageEvent, type MessageFields } from './events/message-event.js';
export { MessageFailedEvent } from './events/message-failed.event.js';
export { MessageQueuedEvent } from './events/message-queued.event.js';
export { MessageReceivedEvent } from './events/message-received.event.js';
export { MessageSentEvent } from './events/message-sent.event.js';
export { MessageUndeliveredEvent } from './events/message-undelivered.event.js';
export type {
  BatchListenerContext,
  BatchResult,
  Delivery,
  DeliveryReason,
  ListenerContext,
  TransactionalListenerContext,
} from './listeners/listener-context.js';
export { PermanentError, RetryAfterError } from './listeners/listener-errors.js';
export { OnPostackEvent, type EventOf, type ListenerMethod } from './listeners/on-postack-event.decorator.js';
export type { Ordering } from './listeners/order-key.js';
export { DEFAULT_PAYLOAD_MAPPING, type PayloadMapping } from './events/payload-mapping.js';
export { maskPhoneNumber } from './events/phone-number.js';
export { PostackEvent, type PostackEventEnvelope } from './events/postack-event.js';
export { ReplyOutsideListenerError, type ReplyReceipt } from './events/reply-scope.js';
export { PostackProjection } from './listeners/postack-projection.decorator.js';
export { UnknownPostackEvent } from './events/unknown-postack.event.js';

// inbox/
export { InboxEventEntity, type InboxStatus } from './inbox/inbox-event.entity.js';

// dispatch/
export {
  EventQueries,
  type EventDetail,
  type EventFilter,
  type EventSummary,
  type ListenerReport,
} from './dispatch/outcomes/event-queries.js';
export type { DeadLetter, DeadLetterDetail, DeadLetterFilter } from './replays/dead-letter.js';
export { DeadLetters } from './replays/dead-letters.js';
export { EVENT_STATUSES, type EventStatus } from './dispatch/outcomes/event-status.js';
export { HandlerOutcomeEntity, type OutcomeStatus } from './dispatch/outcomes/handler-outcome.entity.js';
export { ListenerTimeoutError } from './dispatch/deliveries/listener-call.js';
export { ListenerControl } from './dispatch/listener-control.js';
export type {
  ListenerCounts,
  ListenerPause,
  ListenerState,
  BlockedGroup,
} from './dispatch/listener-state.js';
export type { HandlerSettings } from './listeners/handler.js';
export {
  DeadLetterNotFoundError,
  DeadLetterStateError,
  EventNotFoundError,
  EventNotReplayableError,
  HandlerNotFoundError,
  InvalidPauseError,
  InvalidReplayError,
  ReplayNotFoundError,
  ReplayStateError,
} from './dispatch/dispatch-errors.js';
export type { ReplayKind, ReplayState } from './replays/replay.entity.js';
export type {
  BackfillRequest,
  RedriveRequest,
  Replay,
  ReplayPacing,
  ReplayReceipt,
  ReplayRequest,
} from './replays/replay-request.js';
export { Replays } from './replays/replays.js';
export type { RecordedError } from './dispatch/outcomes/recorded-error.js';

// messages/
export {
  DELIVERY_STATES,
  mergeFacts,
  type DeliveryFact,
  type DeliveryRecord,
  type DeliveryState,
} from './messages/delivery-state.js';
export { MessageEntity } from './messages/message.entity.js';
export { MessageQueries, type MessageFilter } from './messages/message-queries.js';

// postack-api/
export {
  POSTACK_API_CODES,
  POSTACK_CAUSE_CLASSES,
  type PostackApiCode,
  type PostackCauseClass,
} from './postack-api/postack-api-error-catalogue.js';
export {
  PostackApiError,
  PostackAuthenticationError,
  PostackConnectionLostError,
  PostackOnHoldError,
  PostackRateLimitedError,
  PostackRefusedError,
  PostackServerError,
  PostackTimeoutError,
  PostackUnavailableError,
  PostackUnreachableError,
  PostackUnreadableAnswerError,
} from './postack-api/postack-api-errors.js';
export { DEFAULT_POSTACK_API_MAPPING, type PostackApiMapping } from './postack-api/postack-api-mapping.js';
export {
  PostackDestinationDisabledError,
  PostackInvalidMessageError,
  PostackInvalidRecipientError,
  PostackInvalidSenderError,
  PostackInvalidShortCodeRecipientError,
  PostackInvalidTextError,
  PostackMessagingDisabledError,
  PostackMissingCampaignError,
  PostackTollfreeVerificationRequiredError,
  PostackUnsupportedDestinationError,
} from './postack-api/postack-api-rejections.js';
export {
  PostackClient,
  type OutboundSms,
  type PostackClientOptions,
  type PostackMessage,
  type PostackRequestOptions,
} from './postack-api/postack-client.js';
export type { RequestPriority } from './postack-api/request-queue.js';
export { memoryRequestRate, postgresRequestRate, RequestRate } from './postack-api/request-rate.js';
export { MissingApiKeyError } from './postack-api/unconfigured-client.js';

// replies/
export type { Confirmations, OptOutScope } from './opt-outs/opt-outs.options.js';
export { ReplyPolicy } from './replies/reply-policy.js';
export { UnsendableAnswerError } from './replies/unsendable-answer.js';
export { HeldMessages } from './outbox/held-messages.js';
export { Outbox } from './outbox/outbox.js';
export { OutboxQueries, type OutboxFilter, type OutboxMessage } from './outbox/outbox-queries.js';
export { OutboxMessageEntity } from './outbox/outbox-message.entity.js';
export {
  HELD_REASONS,
  OUTBOX_CATEGORIES,
  OUTBOX_STATUSES,
  SENDABLE_CATEGORIES,
  type EnqueueOptions,
  type HeldReason,
  type NewOutboxMessage,
  type OutboxCategory,
  type OutboxReceipt,
  type OutboxStatus,
  type SendableCategory,
  type SmsEncoding,
} from './outbox/outbox-message.js';
export {
  InvalidOutboxMessageError,
  OutboxMessageNotFoundError,
  OutboxMessageStateError,
} from './outbox/outbox-errors.js';
export type { SendError } from './outbox/send-error.js';
export { smsSegments, UnsendableTextError } from './outbox/sms-segments.js';
export type { ActiveHours } from './replies/rules/active-hours.js';
export type { NoAnswerReason } from './replies/rules/compiled-rule.js';
export {
  InvalidReplyRuleError,
  ReplyRuleNameTakenError,
  ReplyRuleNotFoundError,
} from './replies/rules/reply-rule-errors.js';
export { ReplyRuleEntity } from './replies/rules/reply-rule.entity.js';
export {
  REPLY_RULE_KINDS,
  type NewReplyRule,
  type ReplyRuleKind,
  type RuleMessage,
} from './replies/rules/reply-rule.js';
export type { OptOutAction, OptOutSource } from './opt-outs/opt-out-evidence.entity.js';
export { OptOutEvidenceEntity } from './opt-outs/opt-out-evidence.entity.js';
export type { OptOutImport } from './opt-outs/opt-out-import.js';
export { OptOutLedger, type ReviewDecision, type ReviewsFilter } from './opt-outs/opt-out-ledger.js';
export type { EntriesFilter, OptOutFilter } from './opt-outs/opt-out-lists.js';
export {
  InvalidOptOutError,
  OptOutNotFoundError,
  OptOutReviewNotFoundError,
  OptOutReviewStateError,
} from './opt-outs/opt-out-errors.js';
export type { OptOutRequest } from './opt-outs/opt-out-request.js';
export { OptOutEntity } from './opt-outs/opt-out.entity.js';
export { ReplyRules, type RuleAnswer, type RuleExplanation } from './replies/rules/reply-rules.js';

export type { NumberListImport } from './csv/number-list-import.js';
export { SuppressionEntity, type SuppressionSource } from './suppressions/suppression.entity.js';
export type { SuppressionFilter } from './suppressions/suppression-lists.js';
export { InvalidSuppressionError, SuppressionNotFoundError } from './suppressions/suppression-errors.js';
export {
  Suppressions,
  type SuppressionEvidence,
  type SuppressionRequest,
} from './suppressions/suppressions.js';

// failures/
export { FAILURE_CATALOGUE, type FailureCatalogue, type FailureCause } from './failures/failure-catalogue.js';
export { FailureQueries, type FailureDetail, type FailureFilter } from './failures/failure-queries.js';
export {
  DEFAULT_REACTIONS,
  FAILURE_REACTIONS,
  type FailureReaction,
  type FailureReactions,
} from './failures/failures.options.js';
export { FailurePolicy } from './failures/reactions/failure-policy.js';
export { FailureNotFoundError, FailureStateError } from './failures/failure-errors.js';
export type { FailureSource, FailureState, ResendRefusal } from './failures/failure-states.js';
export {
  FailureSummary,
  type FailureCount,
  type FailureOverview,
  type ReconciliationCounts,
} from './failures/failure-summary.js';
export { MessageFailureEntity } from './failures/message-failure.entity.js';
export type { MessageFailure } from './failures/message-failure.js';
export {
  DeliveryReconciliation,
  type ReconciliationReport,
} from './failures/reconciliation/delivery-reconciliation.js';

// alerts/
export {
  ALERT_KINDS,
  ALERT_STATES,
  type AlertKind,
  type AlertState,
  type AlertWebhookState,
  type NewAlert,
} from './alerts/alert.js';
export { AlertEntity } from './alerts/alert.entity.js';
export { AlertRaised, AlertResolved } from './alerts/alert-events.js';
export { Alerts, type AlertFilter, type OverFilter } from './alerts/alerts.js';
// reports/
export type { Percentiles } from './reports/rollups/duration-bins.js';
export type { OwnNumberLabel } from './reports/own-number-labels.js';
export type { RequestTotals } from './reports/report-counts.js';
export type { Duration } from './reports/rollups/report-deltas.js';
export { ReportExport, type ExportFormat, type ExportRequest } from './reports/report-export.js';
export type { StateCounts } from './reports/report-figures.js';
export { ReportRebuild, type RebuildProgress, type RebuildStep } from './reports/report-rebuild.js';
export {
  InvalidReportError,
  type Grouping,
  type Interval,
  type Metric,
  type NumbersOption,
  type ReportPeriod,
  type ResolvedPeriod,
  type TimeSeriesRequest,
} from './reports/report-request.js';
export {
  Reports,
  type ErrorFigures,
  type LatencyFigures,
  type MessageFigures,
  type ReportSummary,
} from './reports/reports.js';
export type { Series, SeriesPoint, TimeSeries } from './reports/time-series.js';

// retention/
export { Retention, type RetentionReport } from './retention/retention.js';
