import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * What retention goes through, each in an order of its own.
 *
 * - `bodies`: events that have become too old to keep their body, in the order of receipt
 * - `ids`: events that have become too old to be kept at all, in the order of receipt
 * - `leftovers`: events that were passed over in either, by id, round and round
 */
export const RETENTION_STEPS = ['payloads', 'events', 'leftovers'] as const;

/** One of `RETENTION_STEPS`. */
export type RetentionStep = (typeof RETENTION_STEPS)[number];

/** How far retention has got in each step, so that no run looks at what an earlier one has done with. */
@Entity({ name: 'retention_progress', schema: 'postack' })
@Check('retention_progress_step_check', `step IN ('payloads', 'events', 'leftovers')`)
export class RetentionProgressEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'retention_progress_pkey' })
  step!: RetentionStep;

  /** `InboxEventEntity.receivedAt` of the last event looked at. Says nothing for `leftovers`. */
  @Column('timestamptz', { name: 'received_at' })
  receivedAt!: Date;

  /** `InboxEventEntity.id` of the last event looked at. */
  @Column('bigint', { name: 'event_id' })
  eventId!: string;
}
