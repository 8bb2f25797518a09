// nestjs-postack/failures: messages that did not arrive, and alerts. Pinned by test/public-surface.test.ts; changes
// belong in CHANGELOG.md.

import '../errors/node-version.js';
export { FAILURE_CATALOGUE, type FailureCatalogue, type FailureCause } from './failure-catalogue.js';
export { FailureQueries, type FailureDetail, type FailureFilter } from './failure-queries.js';
export { DEFAULT_REACTIONS, FAILURE_REACTIONS, type FailureReactions } from './failures.options.js';
export { FailureNotFoundError, FailureStateError } from './failure-errors.js';
export type { FailureSource, FailureState, ResendRefusal } from './failure-states.js';
export {
  FailureSummary,
  type FailureCount,
  type FailureOverview,
  type ReconciliationCounts,
} from './failure-summary.js';
export { MessageFailureEntity } from './message-failure.entity.js';
export {
  DeliveryReconciliation,
  type ReconciliationReport,
} from './reconciliation/delivery-reconciliation.js';
export {
  ALERT_KINDS,
  ALERT_STATES,
  type AlertKind,
  type AlertState,
  type AlertWebhookState,
  type NewAlert,
} from '../alerts/alert.js';
export { AlertEntity } from '../alerts/alert.entity.js';
export { Alerts, type AlertFilter, type OverFilter } from '../alerts/alerts.js';
