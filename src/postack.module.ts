import { type DynamicModule, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { EventEmitterModule } from '@nestjs/event-emitter';
import type { DataSource } from 'typeorm';
import { ALERT_PROVIDERS } from './alerts/alerts.providers.js';
import { Alerts } from './alerts/alerts.js';
import { DispatchBatch } from './dispatch/dispatch-batch.js';
import { Dispatcher } from './dispatch/dispatcher.js';
import { DeadLetters } from './replays/dead-letters.js';
import { EventQueries } from './dispatch/outcomes/event-queries.js';
import { HandlerRegistry } from './listeners/handler-registry.js';
import { ChangedOrder } from './dispatch/deliveries/changed-order.js';
import { CrashedJobs } from './dispatch/deliveries/crashed-jobs.js';
import { DeliveryQueue } from './dispatch/deliveries/delivery-queue.js';
import { PgBossService } from './jobs/pg-boss.service.js';
import { JobStatistics } from './dispatch/deliveries/job-statistics.js';
import { Notifications } from './dispatch/deliveries/notifications.js';
import { HandlerWorkers } from './dispatch/deliveries/handler-workers.js';
import { ListenerCalls } from './dispatch/deliveries/listener-call.js';
import { ListenerControl } from './dispatch/deliveries/listener-control.js';
import { ObserverNotices } from './dispatch/observer-notices.js';
import { Outcomes } from './dispatch/outcomes/outcomes.js';
import { ProjectionRunner } from './dispatch/projection-runner.js';
import { EventReplay } from './replays/event-replay.js';
import { ReplayChunk } from './replays/replay-chunk.js';
import { ReplayQueue } from './replays/replay-queue.js';
import { ReplayRunner } from './replays/replay-runner.js';
import { Replays } from './replays/replays.js';
import { ReplaySelection } from './replays/replay-selection.js';
import { StoredEvents } from './dispatch/stored-events.js';
import { EventParser } from './events/event-parser.js';
import { REPLY_SINK } from './events/reply-scope.js';
import { FailureQueries } from './failures/failure-queries.js';
import { FailureSummary } from './failures/failure-summary.js';
import { FAILURE_PROVIDERS } from './failures/failures.providers.js';
import { DeliveryReconciliation } from './failures/reconciliation/delivery-reconciliation.js';
import { Inbox } from './inbox/inbox.js';
import { MessageQueries } from './messages/message-queries.js';
import { MessageStore } from './messages/message-store.js';
import { MessagesProjection } from './messages/messages.projection.js';
import { POSTACK_DATA_SOURCE } from './database/data-source.js';
import {
  type ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  HOST_DATA_SOURCE,
  MODULE_OPTIONS_TOKEN,
  type OPTIONS_TYPE,
} from './postack.module-definition.js';
import { POSTACK_OPTIONS, type PostackModuleOptions, ResolvedPostackOptions } from './postack.options.js';
import { postackClient } from './postack-api/postack-client.provider.js';
import { checkedDataSource, PostackSchemaCheck } from './postack.schema-check.js';
import { PostackClient } from './postack-api/postack-client.js';
import { AutoRepliesListener } from './replies/auto-replies.listener.js';
import { LoopGuard } from './outbox/send-rules/loop-guard.js';
import { OwnNumbers } from './messages/own-numbers.js';
import { SendRules } from './outbox/send-rules/send-rules.js';
import { HelpReply } from './replies/help-reply.policy.js';
import { OptOutLedger } from './opt-outs/opt-out-ledger.js';
import { OptOutsProjection } from './opt-outs/opt-outs.projection.js';
import { HeldMessages } from './outbox/held-messages.js';
import { Outbox } from './outbox/outbox.js';
import { OutboxDelivery } from './outbox/outbox-delivery.js';
import { OutboxQueries } from './outbox/outbox-queries.js';
import { OutboxQueue } from './outbox/outbox-queue.js';
import { OutboxSender } from './outbox/outbox-sender.js';
import { SendReconciler } from './outbox/send-reconciler.js';
import { REPLY_OPTIONS } from './replies/reply-options.js';
import { ReplyPolicies } from './replies/reply-policies.js';
import { ReplyRules } from './replies/rules/reply-rules.js';
import { DefaultRuleReply, RuleReplies } from './replies/rules/rule-replies.policy.js';
import { Suppressions } from './suppressions/suppressions.js';
import { ReportExport } from './reports/report-export.js';
import { ReportRebuild } from './reports/rebuild/report-rebuild.js';
import { Reports } from './reports/reports.js';
import { REPORT_PROVIDERS } from './reports/reports.providers.js';
import { Retention } from './retention/retention.js';
import { RetentionSchedule } from './retention/retention-schedule.js';
import { SvixSignatureGuard } from './webhook/svix-signature.guard.js';
import { WebhookController } from './webhook/webhook.controller.js';
import { WebhookCounters } from './webhook/webhook-counters.js';
import { WebhookRoute } from './webhook/webhook.route.js';

/**
 * Receives Postack's webhooks in a Nest application, stores them, and hands them to listeners.
 *
 * The road of an event, top to bottom: `webhook/`, `inbox/`, `dispatch/`, then projections and listeners.
 */
@Module({
  imports: [DiscoveryModule, EventEmitterModule.forRoot({ global: false })],
  providers: [
    {
      provide: POSTACK_OPTIONS,
      useFactory: (options: PostackModuleOptions) => new ResolvedPostackOptions(options),
      inject: [MODULE_OPTIONS_TOKEN],
    },
    {
      provide: POSTACK_DATA_SOURCE,
      useFactory: (dataSource: DataSource | null) => checkedDataSource(dataSource ?? undefined),
      inject: [HOST_DATA_SOURCE],
    },
    PostackSchemaCheck,
    // webhook/
    WebhookRoute,
    SvixSignatureGuard,
    // Bound by WebhookRoute, not by Nest's router.
    WebhookController,
    WebhookCounters,
    // events/
    {
      provide: EventParser,
      useFactory: ({ eventTypes, payload }: ResolvedPostackOptions) => new EventParser(eventTypes, payload),
      inject: [POSTACK_OPTIONS],
    },
    // inbox/
    Inbox,
    // dispatch/
    Dispatcher,
    DispatchBatch,
    HandlerRegistry,
    StoredEvents,
    ProjectionRunner,
    ObserverNotices,
    HandlerWorkers,
    Notifications,
    DeliveryQueue,
    PgBossService,
    JobStatistics,
    ListenerCalls,
    CrashedJobs,
    ChangedOrder,
    Outcomes,
    EventQueries,
    ListenerControl,
    DeadLetters,
    ReplaySelection,
    ReplayQueue,
    ReplayChunk,
    EventReplay,
    ReplayRunner,
    Replays,
    // messages/
    MessageStore,
    MessagesProjection,
    MessageQueries,
    // postack-api/
    { provide: PostackClient, useFactory: postackClient, inject: [POSTACK_OPTIONS, POSTACK_DATA_SOURCE] },
    // replies/
    {
      provide: REPLY_OPTIONS,
      useFactory: ({ replies }: ResolvedPostackOptions) => replies,
      inject: [POSTACK_OPTIONS],
    },
    Outbox,
    { provide: REPLY_SINK, useExisting: Outbox },
    OutboxQueue,
    OutboxSender,
    OutboxDelivery,
    SendReconciler,
    OutboxQueries,
    HeldMessages,
    SendRules,
    OwnNumbers,
    LoopGuard,
    Suppressions,
    OptOutsProjection,
    OptOutLedger,
    AutoRepliesListener,
    ReplyPolicies,
    ReplyRules,
    RuleReplies,
    HelpReply,
    DefaultRuleReply,
    // alerts/, failures/
    ...ALERT_PROVIDERS,
    ...FAILURE_PROVIDERS,
    // reports/
    ...REPORT_PROVIDERS,
    // retention/
    Retention,
    RetentionSchedule,
  ],
  exports: [
    POSTACK_OPTIONS,
    SvixSignatureGuard,
    WebhookCounters,
    Dispatcher,
    HandlerRegistry,
    EventQueries,
    ListenerControl,
    DeadLetters,
    Replays,
    MessageQueries,
    PostackClient,
    Outbox,
    OutboxQueries,
    HeldMessages,
    OptOutLedger,
    ReplyRules,
    Suppressions,
    FailureQueries,
    FailureSummary,
    DeliveryReconciliation,
    Alerts,
    Reports,
    ReportExport,
    ReportRebuild,
    Retention,
  ],
})
export class PostackModule extends ConfigurableModuleClass {
  /**
   * Imports the module with options known at once.
   *
   * @throws {ConfigurationError} at boot, naming every option that is wrong.
   */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    return super.forRoot(options);
  }

  /** Imports the module with options from a factory, for example one that injects a configuration service. */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return super.forRootAsync(options);
  }
}
