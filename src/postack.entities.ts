import { getMetadataArgsStorage } from 'typeorm';
import { AlertEntity } from './alerts/alert.entity.js';
import { EventHourEntity } from './alerts/event-hour.entity.js';
import { SilenceWatchEntity } from './alerts/silence-watch.entity.js';
import { ListenerPauseEntity } from './dispatch/listener-pause.entity.js';
import { DeliveryEntity } from './dispatch/outcomes/delivery.entity.js';
import { SubscriptionEntity } from './listeners/subscription.entity.js';
import { WorkerEntity } from './jobs/worker.entity.js';
import { MessageFailureEntity } from './failures/message-failure.entity.js';
import { DeliveryReconciliationEntity } from './failures/reconciliation/delivery-reconciliation.entity.js';
import { EventMappingEntity } from './inbox/event-mapping.entity.js';
import { InboxEventEntity } from './inbox/inbox-event.entity.js';
import { MessageEntity } from './messages/message.entity.js';
import { OwnNumberEntity } from './messages/own-number.entity.js';
import { OptOutEvidenceEntity } from './opt-outs/opt-out-evidence.entity.js';
import { OptOutEntity } from './opt-outs/opt-out.entity.js';
import { OutboxMessageEntity } from './outbox/outbox-message.entity.js';
import { RequestRateEntity } from './postack-api/request-rate.entity.js';
import { ReplayEntity } from './replays/replay.entity.js';
import { ReplyRuleEntity } from './replies/rules/reply-rule.entity.js';
import {
  ReportCountEntity,
  ReportDurationEntity,
  ReportEventEntity,
  ReportMarkEntity,
  ReportOwnNumberEntity,
  ReportWindowEntity,
  ReportStateEntity,
} from './reports/report.entities.js';
import { RetentionLeftoverEntity } from './retention/retention-leftover.entity.js';
import { RetentionProgressEntity } from './retention/retention-progress.entity.js';
import { SuppressionEntity } from './suppressions/suppression.entity.js';

/** The PostgreSQL schema that this package's tables are in, unless another is chosen. */
export const DEFAULT_SCHEMA = 'postack';

const ENTITIES = [
  InboxEventEntity,
  EventMappingEntity,
  DeliveryEntity,
  SubscriptionEntity,
  WorkerEntity,
  ListenerPauseEntity,
  ReplayEntity,
  RetentionProgressEntity,
  RetentionLeftoverEntity,
  MessageEntity,
  OutboxMessageEntity,
  OptOutEvidenceEntity,
  OptOutEntity,
  OwnNumberEntity,
  ReplyRuleEntity,
  RequestRateEntity,
  SuppressionEntity,
  MessageFailureEntity,
  DeliveryReconciliationEntity,
  AlertEntity,
  EventHourEntity,
  SilenceWatchEntity,
  ReportCountEntity,
  ReportDurationEntity,
  ReportEventEntity,
  ReportOwnNumberEntity,
  ReportMarkEntity,
  ReportWindowEntity,
  ReportStateEntity,
];

/**
 * The entities to register with your data source: `entities: [...postackEntities()]`.
 *
 * The tables live in a PostgreSQL schema of their own, so that they can share an existing database. The schema is
 * set here, once per process, before the data source is initialised; migrations and queries follow.
 *
 * @param options.schema Default: the one chosen before, else `postack`.
 */
export function postackEntities(options: { schema?: string } = {}): (new () => object)[] {
  for (const table of getMetadataArgsStorage().tables) {
    if (!ENTITIES.some((entity) => entity === table.target)) continue;
    // `synchronize: true` and `migration:generate` of the host would rebuild the tables without what only migrations make.
    table.synchronize = false;
    if (options.schema !== undefined) table.schema = options.schema;
  }
  return [...ENTITIES];
}
