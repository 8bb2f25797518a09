import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { InboxEventEntity } from '../inbox/inbox-event.entity.js';
import type { StoredFailure } from './stored-failure.js';

/**
 * How a handler fared with an event.
 *
 * - `done`: it succeeded, and is not called again for this event
 * - `failing`: it failed, and will be tried again
 * - `dead`: it failed for the last time; a person decides
 */
export type OutcomeStatus = 'done' | 'failing' | 'dead';

/**
 * The outcome of one listener, or of one projection that had to set the event aside, for one event. Absent
 * while a listener has not been called yet, and for projections that succeeded with their batch.
 */
@Entity({ name: 'handler_outcome', schema: 'postack' })
@Index('handler_outcome_unsettled_idx', ['status', 'eventId'], { where: `status <> 'done'` })
@Check('handler_outcome_status_check', `status IN ('done', 'failing', 'dead')`)
export class HandlerOutcomeEntity {
  @PrimaryColumn('bigint', { name: 'event_id', primaryKeyConstraintName: 'handler_outcome_pkey' })
  eventId!: string;

  @ManyToOne(() => InboxEventEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'event_id', foreignKeyConstraintName: 'handler_outcome_event_id_fkey' })
  event?: InboxEventEntity;

  /** Name of the listener or projection. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'handler_outcome_pkey' })
  handler!: string;

  @Column('text')
  status!: OutcomeStatus;

  /** How often it was called for this event. */
  @Column('integer')
  attempts!: number;

  @Column('jsonb', { name: 'first_failure', nullable: true })
  firstFailure!: StoredFailure | null;

  @Column('jsonb', { name: 'last_failure', nullable: true })
  lastFailure!: StoredFailure | null;

  /** The pg-boss job that the next attempt, or the last one, belongs to. */
  @Column('uuid', { name: 'job_id', nullable: true })
  jobId!: string | null;

  @Column('timestamptz', { name: 'updated_at', default: () => 'now()' })
  updatedAt!: Date;
}
