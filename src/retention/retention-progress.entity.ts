import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * The steps of retention.
 *
 * - `payloads`: removes the payload of events older than `payloadDays`, in the order of receipt
 * - `events`: removes events older than `eventDays`, in the order of receipt
 * - `leftovers`: events that the other steps skipped, by id, repeatedly
 */
export const RETENTION_STEPS = ['payloads', 'events', 'leftovers'] as const;

/** One of `RETENTION_STEPS`. */
export type RetentionStep = (typeof RETENTION_STEPS)[number];

/** The position of retention in each step, so that no run repeats an earlier one. */
@Entity({ name: 'retention_progress', schema: 'postack' })
@Check('retention_progress_step_check', `step IN ('payloads', 'events', 'leftovers')`)
export class RetentionProgressEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'retention_progress_pkey' })
  step!: RetentionStep;

  /** `InboxEventEntity.receivedAt` of the last event. Without meaning for `leftovers`. */
  @Column('timestamptz', { name: 'received_at' })
  receivedAt!: Date;

  /** `InboxEventEntity.id` of the last event. */
  @Column('bigint', { name: 'event_id' })
  eventId!: string;
}
