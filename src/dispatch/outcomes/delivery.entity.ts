import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { DeliveryReason } from '../../listeners/listener-context.js';
import type { RecordedError } from './recorded-error.js';

/**
 * The status of a delivery.
 *
 * - `pending`: the handler has not been called yet
 * - `running`: a process has taken it, and calls the handler or is about to
 * - `retrying`: the handler failed, and will be called again
 * - `done`: it succeeded, and is not called again for this event unless the event is replayed
 * - `dead`: its last attempt failed: a dead letter, to be redriven or discarded by an operator
 * - `discarded`: an operator has discarded the dead letter, or retired the listener
 */
export type DeliveryStatus = 'pending' | 'running' | 'retrying' | 'done' | 'dead' | 'discarded';

/**
 * The delivery of one event to one handler: the queue, the outcome and the record in one row. Each listener has one for
 * each event that it subscribes to; a projection has one only for events that its batch did not handle.
 */
@Entity({ name: 'delivery', schema: 'postack' })
@Index('delivery_due_idx', ['handler', 'runAt', 'eventId'], {
  where: `status IN ('pending', 'retrying') AND suspicion = 0 AND reason = 'initial'`,
})
@Index('delivery_redelivery_due_idx', ['handler', 'runAt', 'eventId'], {
  where: `status IN ('pending', 'retrying') AND suspicion = 0 AND reason <> 'initial'`,
})
@Index('delivery_suspect_idx', ['handler', 'suspicion', 'crashes', 'runAt'], {
  where: `status IN ('pending', 'retrying') AND suspicion > 0`,
})
@Index('delivery_running_idx', ['worker', 'handler'], { where: `status = 'running'` })
@Index('delivery_failed_idx', ['status', 'eventId', 'handler'], {
  where: `status IN ('retrying', 'dead')`,
})
@Index('delivery_group_idx', ['handler', 'orderKey', 'occurredAt', 'eventId'], {
  where: `order_key IS NOT NULL AND status IN ('pending', 'running', 'retrying')`,
})
@Index('delivery_running_group_key', ['handler', 'orderKey'], {
  unique: true,
  where: `order_key IS NOT NULL AND status = 'running'`,
})
@Check('delivery_status_check', `status IN ('pending', 'running', 'retrying', 'done', 'dead', 'discarded')`)
@Check('delivery_reason_check', `reason IN ('initial', 'redrive', 'replay', 'backfill', 'reinterpret')`)
export class DeliveryEntity {
  /** `InboxEventEntity.id`. */
  @PrimaryColumn('bigint', { name: 'event_id', primaryKeyConstraintName: 'delivery_pkey' })
  eventId!: string;

  /** Name of the listener or projection. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'delivery_pkey' })
  handler!: string;

  @Column('text')
  status!: DeliveryStatus;

  /** Number of calls of this generation that succeeded or failed. */
  @Column('integer')
  attempts!: number;

  @Column('jsonb', { name: 'first_error', nullable: true })
  firstError!: RecordedError | null;

  @Column('jsonb', { name: 'last_error', nullable: true })
  lastError!: RecordedError | null;

  @Column('timestamptz', { name: 'updated_at', default: () => 'now()' })
  updatedAt!: Date;

  /** 0 for the initial delivery, increased by each redelivery. The outcome of an earlier generation is stale. */
  @Column('integer', { default: 0 })
  generation!: number;

  /** Why this delivery was made. */
  @Column('text', { default: 'initial' })
  reason!: DeliveryReason;

  /** The replay that made this delivery. */
  @Column('uuid', { name: 'replay_id', nullable: true })
  replayId!: string | null;

  /** When it is due, by PostgreSQL's clock; `null` when it is settled, or waits for earlier events of its group. */
  @Column('timestamptz', { name: 'run_at', nullable: true })
  runAt!: Date | null;

  /** For an ordered listener: key of the message group (conversation or message) of the event. */
  @Column('text', { name: 'order_key', nullable: true })
  orderKey!: string | null;

  /** As given by the operator who discarded it. */
  @Column('text', { name: 'discard_reason', nullable: true })
  discardReason!: string | null;

  /** `WorkerEntity.id` of the process that has taken it; `null` unless the status is `running`. */
  @Column('uuid', { nullable: true })
  worker!: string | null;

  /** Number of times that its process died while it was taken: the handler may have been called. */
  @Column('integer', { default: 0 })
  interruptions!: number;

  /** Number of process crashes while it was the only delivery running in the process. */
  @Column('integer', { default: 0 })
  crashes!: number;

  /**
   * How closely it is suspected of having crashed its process: 0 not at all; 1 it was one of all that the process had
   * taken, and runs next in a small group; 2 it was one of such a group, and runs alone.
   */
  @Column('smallint', { default: 0 })
  suspicion!: number;

  /** For an ordered listener: when the event occurred, which is the order within the group. */
  @Column('timestamptz', { name: 'occurred_at', nullable: true })
  occurredAt!: Date | null;
}
