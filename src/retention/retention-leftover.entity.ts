import { Entity, PrimaryColumn } from 'typeorm';

/** An event that was not settled, or in use, when its body or the whole of it was due to be removed. */
@Entity({ name: 'retention_leftover', schema: 'postack' })
export class RetentionLeftoverEntity {
  /** `InboxEventEntity.id`. */
  @PrimaryColumn('bigint', { name: 'event_id', primaryKeyConstraintName: 'retention_leftover_pkey' })
  eventId!: string;
}
