import type { Provider } from '@nestjs/common';
import { POSTACK_OPTIONS, type ResolvedPostackOptions } from '../postack.options.js';
import { REJECTION_SINK } from '../outbox/rejection-sink.js';
import { ConfiguredFailurePolicy } from './reactions/configured-failure.policy.js';
import { FailureQueries } from './failure-queries.js';
import { FAILURE_OPTIONS } from './failure-options.js';
import { FailurePolicies } from './reactions/failure-policies.js';
import { FailureQueue } from './reactions/failure-queue.js';
import { FailureReactions } from './reactions/failure-reactions.js';
import { FailureReactionsListener } from './reactions/failure-reactions.listener.js';
import { FailureResend } from './reactions/failure-resend.js';
import { FailureSummary } from './failure-summary.js';
import { FailureRecords } from './failure-records.js';
import { DeliveryReconciliation } from './reconciliation/delivery-reconciliation.js';
import { DeliveryReconciliationSchedule } from './reconciliation/delivery-reconciliation-schedule.js';
import { RejectedMessages } from './rejected-messages.js';
import { ReconciliationProgress } from './reconciliation/reconciliation-progress.js';
import { UndeliveredListener } from './undelivered.listener.js';

/** What of `failures/` the module provides. */
export const FAILURE_PROVIDERS: Provider[] = [
  {
    provide: FAILURE_OPTIONS,
    useFactory: ({ failures }: ResolvedPostackOptions) => failures,
    inject: [POSTACK_OPTIONS],
  },
  FailureRecords,
  UndeliveredListener,
  FailureReactionsListener,
  FailureReactions,
  FailureResend,
  FailurePolicies,
  ConfiguredFailurePolicy,
  FailureQueue,
  FailureQueries,
  FailureSummary,
  RejectedMessages,
  { provide: REJECTION_SINK, useExisting: RejectedMessages },
  DeliveryReconciliation,
  DeliveryReconciliationSchedule,
  ReconciliationProgress,
];
