// nestjs-postack: what applications need to import the module, write listeners and operate them. The rest has sub-paths:
// nestjs-postack/api, /replies, /failures, /reports, /admin, /testing, /simulator. Pinned by test/public-surface.test.ts; changes
// belong in CHANGELOG.md.
import './errors/node-version.js';
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
  KNOWN_EVENT_TYPES,
  type AnyPostackEvent,
  type EventKind,
  type EventTypeMap,
  type EventTypeName,
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
export { postackLogContext, type PostackLogContext } from './listeners/log-context.js';
export { PermanentError, RetryAfterError } from './listeners/listener-errors.js';
export { OnPostackEvent, type EventOf, type ListenerMethod } from './listeners/on-postack-event.decorator.js';
export type { Ordering } from './listeners/order-key.js';
export type { EventRule, RuleValue } from './events/event-rules.js';
export type { PayloadMapping, PayloadPaths } from './events/payload-mapping.js';
export { PostackEvent, type PostackEventEnvelope } from './events/postack-event.js';
export { ReplyOutsideListenerError, type ReplyReceipt } from './events/reply-scope.js';
export { PostackProjection, type Reinterpretation } from './listeners/postack-projection.decorator.js';
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
export { PostackHealthIndicator } from './dispatch/health-indicator.js';
export type { DeadLetter, DeadLetterDetail, DeadLetterFilter } from './replays/dead-letter.js';
export { DeadLetters } from './replays/dead-letters.js';
export { EVENT_STATUSES, type EventStatus } from './dispatch/outcomes/event-status.js';
export { DeliveryEntity, type DeliveryStatus } from './dispatch/outcomes/delivery.entity.js';
export { ListenerTimeoutError } from './dispatch/deliveries/listener-calls.js';
export { ListenerControl } from './dispatch/listener-control.js';
export type {
  ListenerCounts,
  ListenerPause,
  ListenerState,
  BlockedGroup,
} from './dispatch/listener-state.js';
export type { HandlerSettings } from './listeners/handler.js';
export { HandlerNotFoundError, InvalidPauseError } from './dispatch/dispatch-errors.js';
export {
  DeadLetterNotFoundError,
  DeadLetterStateError,
  EventNotFoundError,
  EventNotReplayableError,
  InvalidReplayError,
  ReplayNotFoundError,
  ReplayStateError,
} from './replays/replay-errors.js';
export type { ReplayKind, ReplayState } from './replays/replay.entity.js';
export type {
  BackfillRequest,
  RedriveRequest,
  ReinterpretReceipt,
  ReinterpretRequest,
  Replay,
  ReplayPacing,
  ReplayReceipt,
  ReplayRequest,
} from './replays/replay-request.js';
export {
  type DiscardReceipt,
  type DiscardRequest,
  InvalidDiscardError,
  UndecidedEvents,
  type UndecidedStatus,
} from './dispatch/outcomes/undecided-events.js';
export type { MappingSuggestion } from './wire-format/mapping-suggestion.js';
export { WireFormat, type WireFormatReport } from './wire-format/wire-format.js';
export { Replays } from './replays/replays.js';
export type { RecordedError } from './dispatch/outcomes/recorded-error.js';

// messages/
export { DELIVERY_STATES, type DeliveryState } from './messages/delivery-state.js';
export { MessageEntity } from './messages/message.entity.js';
export { MessageQueries, type MessageFilter } from './messages/message-queries.js';

// replies/
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

// failures/
export { type FailureReaction } from './failures/failures.options.js';
export { FailurePolicy } from './failures/reactions/failure-policy.js';
export type { MessageFailure } from './failures/message-failure.js';

// alerts/
export { AlertRaised, AlertResolved } from './alerts/alert-events.js';

// retention/
export { Retention, type RetentionReport } from './retention/retention.js';
