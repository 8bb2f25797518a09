import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { DeliveryReason } from '../../listeners/listener-context.js';
import type { RecordedError } from './recorded-error.js';

/**
 * How a handler fared with an event.
 *
 * - `pending`: it is to be called
 * - `done`: it succeeded, and is not called again for this event unless somebody replays it
 * - `failing`: it failed, and will be tried again
 * - `dead`: it failed for the last time: a dead letter; a person decides
 * - `discarded`: a person has decided to leave it at that
 */
export type OutcomeStatus = 'pending' | 'done' | 'retrying' | 'dead' | 'discarded';

/**
 * The outcome of one listener, or of one projection that had to set the event aside, for one event. Absent
 * for projections that succeeded with their batch, and mostly while a listener has not been called yet.
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

  /** How often it was called for this event, in this delivery. */
  @Column('integer')
  attempts!: number;

  @Column('jsonb', { name: 'first_error', nullable: true })
  firstError!: RecordedError | null;

  @Column('jsonb', { name: 'last_error', nullable: true })
  lastError!: RecordedError | null;

  @Column('timestamptz', { name: 'updated_at', default: () => 'now()' })
  updatedAt!: Date;

  /** 0 when it came in; one more each time somebody has it handed out again. Jobs of earlier ones are void. */
  @Column('integer', { default: 0 })
  delivery!: number;

  /** Why it is, or was, delivered. */
  @Column('text', { default: 'initial' })
  reason!: DeliveryReason;

  /** The replay that handed it out. */
  @Column('uuid', { name: 'replay_id', nullable: true })
  replayId!: string | null;

  /** When it will be called again; `null` unless it is failing. */
  @Column('timestamptz', { name: 'next_attempt_at', nullable: true })
  nextAttemptAt!: Date | null;

  /** Of an ordered listener: the conversation or message whose events it gets one at a time. */
  @Column('text', { name: 'order_key', nullable: true })
  orderKey!: string | null;

  /** Why it was discarded, in the words of whoever did. */
  @Column('text', { name: 'discard_reason', nullable: true })
  discardReason!: string | null;
}
