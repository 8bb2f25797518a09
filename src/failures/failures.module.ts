import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { OutboxModule } from '../outbox/outbox.module.js';
import { SuppressionsModule } from '../suppressions/suppressions.module.js';
import { AlertsModule } from '../alerts/alerts.module.js';
import { MessagesModule } from '../messages/messages.module.js';
import { PostackApiModule } from '../postack-api/postack-api.module.js';
import { JobsModule } from '../jobs/jobs.module.js';
import { FailureRecords } from './failure-records.js';
import { UndeliveredListener } from './undelivered.listener.js';
import { FailureReactionsListener } from './reactions/failure-reactions.listener.js';
import { FailureReactions } from './reactions/failure-reactions.js';
import { FailureResend } from './reactions/failure-resend.js';
import { FailureSets } from './reactions/failure-sets.js';
import { FailurePolicies } from './reactions/failure-policies.js';
import { ConfiguredFailurePolicy } from './reactions/configured-failure.policy.js';
import { FailureQueue } from './reactions/failure-queue.js';
import { FailureQueries } from './failure-queries.js';
import { FailureSummary } from './failure-summary.js';
import { RejectedMessages } from './rejected-messages.js';
import { DeliveryReconciliation } from './reconciliation/delivery-reconciliation.js';
import { DeliveryReconciliationSchedule } from './reconciliation/delivery-reconciliation-schedule.js';
import { ReconciliationProgress } from './reconciliation/reconciliation-progress.js';

/** Handles messages that do not arrive: classifies, resends, suppresses and reports them. */
@Module({
  imports: [
    DiscoveryModule,
    OutboxModule,
    SuppressionsModule,
    AlertsModule,
    MessagesModule,
    PostackApiModule,
    JobsModule,
  ],
  providers: [
    FailureRecords,
    UndeliveredListener,
    FailureReactionsListener,
    FailureReactions,
    FailureResend,
    FailureSets,
    FailurePolicies,
    ConfiguredFailurePolicy,
    FailureQueue,
    FailureQueries,
    FailureSummary,
    RejectedMessages,
    DeliveryReconciliation,
    DeliveryReconciliationSchedule,
    ReconciliationProgress,
  ],
  exports: [FailureQueries, FailureSummary, DeliveryReconciliation],
})
export class FailuresModule {}
