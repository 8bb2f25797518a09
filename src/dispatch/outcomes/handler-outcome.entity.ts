import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { DeliveryReason } from '../../listeners/listener-context.js';
import type { RecordedError } from './recorded-error.js';

/**
 * The status of an event for a handler.
 *
 * - `pending`: the handler has not been called yet
 * - `done`: it succeeded, and is not called again for this event unless the event is replayed
 * - `retrying`: it failed, and will be retried
 * - `dead`: its last attempt failed: a dead letter, to be redriven or discarded by an operator
 * - `discarded`: an operator has discarded the dead letter
 */
export type OutcomeStatus = 'pending' | 'done' | 'retrying' | 'dead' | 'discarded';

/**
 * The outcome of a listener, or of a projection that set the event aside, for one event. There is none for a projection
 * that succeeded with its batch, and usually none before the first call of an unordered listener.
 */
@Entity({ name: 'handler_outcome', schema: 'postack' })
@Index('handler_outcome_unsettled_idx', ['status', 'eventId'], { where: `status <> 'done'` })
@Index('handler_outcome_order_idx', ['handler', 'orderKey'], {
  where: `order_key IS NOT NULL AND status IN ('pending', 'retrying')`,
})
@Check('handler_outcome_status_check', `status IN ('pending', 'done', 'retrying', 'dead', 'discarded')`)
@Check('handler_outcome_reason_check', `reason IN ('initial', 'redrive', 'replay', 'backfill')`)
export class HandlerOutcomeEntity {
  /** `InboxEventEntity.id`. */
  @PrimaryColumn('bigint', { name: 'event_id', primaryKeyConstraintName: 'handler_outcome_pkey' })
  eventId!: string;

  /** Name of the listener or projection. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'handler_outcome_pkey' })
  handler!: string;

  @Column('text')
  status!: OutcomeStatus;

  /** Number of calls in this delivery. */
  @Column('integer')
  attempts!: number;

  @Column('jsonb', { name: 'first_error', nullable: true })
  firstError!: RecordedError | null;

  @Column('jsonb', { name: 'last_error', nullable: true })
  lastError!: RecordedError | null;

  @Column('timestamptz', { name: 'updated_at', default: () => 'now()' })
  updatedAt!: Date;

  /** 0 for the initial delivery, increased by each redelivery. Jobs of earlier deliveries are stale. */
  @Column('integer', { default: 0 })
  delivery!: number;

  /** Why this delivery was made. */
  @Column('text', { default: 'initial' })
  reason!: DeliveryReason;

  /** The replay that made this delivery. */
  @Column('uuid', { name: 'replay_id', nullable: true })
  replayId!: string | null;

  /** Time of the next attempt; `null` unless the status is `retrying`. */
  @Column('timestamptz', { name: 'next_attempt_at', nullable: true })
  nextAttemptAt!: Date | null;

  /** For an ordered listener: key of the message group (conversation or message) of the event. */
  @Column('text', { name: 'order_key', nullable: true })
  orderKey!: string | null;

  /** As given by the operator who discarded it. */
  @Column('text', { name: 'discard_reason', nullable: true })
  discardReason!: string | null;
}
