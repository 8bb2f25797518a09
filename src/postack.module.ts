import { type DynamicModule, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { EventEmitterModule } from '@nestjs/event-emitter';
import type { DataSource } from 'typeorm';
import { ALERT_PROVIDERS } from './alerts/alerts.providers.js';
import { Alerts } from './alerts/alerts.js';
import { DispatchBatch } from './dispatch/dispatch-batch.js';
import { Dispatcher } from './dispatch/dispatcher.js';
import { DeadLetters } from './dispatch/outcomes/dead-letters.js';
import { EventLog } from './dispatch/outcomes/event-log.js';
import { HandlerRegistry } from './dispatch/handlers/handler-registry.js';
import { ChangedOrder } from './dispatch/lanes/changed-order.js';
import { CrashedJobs } from './dispatch/lanes/crashed-jobs.js';
import { Handover } from './dispatch/lanes/handover.js';
import { JobQueue } from './dispatch/lanes/job-queue.js';
import { JobStatistics } from './dispatch/lanes/job-statistics.js';
import { LaneSignal } from './dispatch/lanes/lane-signal.js';
import { Lanes } from './dispatch/lanes/lanes.js';
import { ListenerCalls } from './dispatch/lanes/listener-call.js';
import { ListenerControl } from './dispatch/lanes/listener-control.js';
import { ObserverNotices } from './dispatch/observer-notices.js';
import { Outcomes } from './dispatch/outcomes/outcomes.js';
import { ProjectionRunner } from './dispatch/projection-runner.js';
import { EventReplay } from './dispatch/replay/event-replay.js';
import { ReplayChunk } from './dispatch/replay/replay-chunk.js';
import { ReplayQueue } from './dispatch/replay/replay-queue.js';
import { ReplayRunner } from './dispatch/replay/replay-runner.js';
import { Replays } from './dispatch/replay/replays.js';
import { ReplaySelection } from './dispatch/replay/replay-selection.js';
import { StoredEvents } from './dispatch/stored-events.js';
import { EventParser } from './events/event-parser.js';
import { REPLY_SINK } from './events/reply-scope.js';
import { FailureLog } from './failures/failure-log.js';
import { FailureSummary } from './failures/failure-summary.js';
import { FAILURE_PROVIDERS } from './failures/failures.providers.js';
import { ReceiptSweep } from './failures/receipts/receipt-sweep.js';
import { Inbox } from './inbox/inbox.js';
import { MessageLog } from './messages/message-log.js';
import { MessageStore } from './messages/message-store.js';
import { MessagesProjection } from './messages/messages.projection.js';
import { POSTACK_DATA_SOURCE } from './postack.data-source.js';
import {
  type ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  HOST_DATA_SOURCE,
  MODULE_OPTIONS_TOKEN,
  type OPTIONS_TYPE,
} from './postack.module-definition.js';
import { POSTACK_OPTIONS, type PostackModuleOptions, ResolvedPostackOptions } from './postack.options.js';
import { postackClient } from './postack.client.js';
import { checkedDataSource, PostackSchemaCheck } from './postack.schema-check.js';
import { PostackClient } from './postack-api/postack-client.js';
import { AutoRepliesListener } from './replies/auto-replies.listener.js';
import { LoopGuard } from './replies/guards/loop-guard.js';
import { OwnNumbers } from './replies/guards/own-numbers.js';
import { SendRules } from './replies/guards/send-rules.js';
import { HelpReply } from './replies/help-reply.policy.js';
import { OptOutLedger } from './replies/opt-out/opt-out-ledger.js';
import { OptOutsProjection } from './replies/opt-out/opt-outs.projection.js';
import { HeldMessages } from './replies/outbox/held-messages.js';
import { Outbox } from './replies/outbox/outbox.js';
import { OutboxDelivery } from './replies/outbox/outbox-delivery.js';
import { OutboxLog } from './replies/outbox/outbox-log.js';
import { OutboxQueue } from './replies/outbox/outbox-queue.js';
import { OutboxSender } from './replies/outbox/outbox-sender.js';
import { OutcomeLookup } from './replies/outbox/outcome-lookup.js';
import { REPLY_OPTIONS } from './replies/reply-options.js';
import { ReplyPolicies } from './replies/reply-policies.js';
import { ReplyRules } from './replies/rules/reply-rules.js';
import { DefaultRuleReply, RuleReplies } from './replies/rules/rule-replies.policy.js';
import { Suppressions } from './replies/suppressions/suppressions.js';
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
    Lanes,
    LaneSignal,
    Handover,
    JobQueue,
    JobStatistics,
    ListenerCalls,
    CrashedJobs,
    ChangedOrder,
    Outcomes,
    EventLog,
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
    MessageLog,
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
    OutcomeLookup,
    OutboxLog,
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
    EventLog,
    ListenerControl,
    DeadLetters,
    Replays,
    MessageLog,
    PostackClient,
    Outbox,
    OutboxLog,
    HeldMessages,
    OptOutLedger,
    ReplyRules,
    Suppressions,
    FailureLog,
    FailureSummary,
    ReceiptSweep,
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
