import { Entity, PrimaryColumn } from 'typeorm';

/** An event that was not settled, or in use, when its payload or the event itself was due for removal. */
@Entity({ name: 'retention_leftover', schema: 'postack' })
export class RetentionLeftoverEntity {
  /** `InboxEventEntity.id`. */
  @PrimaryColumn('bigint', { name: 'event_id', primaryKeyConstraintName: 'retention_leftover_pkey' })
  eventId!: string;
}
