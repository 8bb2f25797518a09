import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** Origin of a suppression: a failed message, an operator's decision, or an imported list. */
export type SuppressionSource = 'failure' | 'admin' | 'import';

/** A number that gets no messages because messages to it fail. One row for each number; it stays after the end. */
@Entity({ name: 'suppression', schema: 'postack' })
@Index('suppression_since_idx', ['since', 'number'])
@Index('suppression_message_id_idx', ['messageId'], {
  where: `source = 'failure' AND removed_at IS NULL`,
})
@Check('suppression_source_check', `source IN ('failure', 'admin', 'import')`)
export class SuppressionEntity {
  /** E.164, a short code or a sender name. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'suppression_pkey' })
  number!: string;

  /** When the message failed, or the operator decided. */
  @Column('timestamptz')
  since!: Date;

  /** `null`: in effect until removed. */
  @Column('timestamptz', { name: 'expires_at', nullable: true })
  expiresAt!: Date | null;

  @Column('text')
  source!: SuppressionSource;

  /** The code that the message failed with. */
  @Column('text', { nullable: true })
  code!: string | null;

  /** The message that failed: `MessageFailureEntity.messageId`. */
  @Column('text', { name: 'message_id', nullable: true })
  messageId!: string | null;

  /** The `svix-id` of the event that reported the failure. */
  @Column('text', { name: 'event_id', nullable: true })
  eventId!: string | null;

  /** As given by the operator, or in the imported list. */
  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('timestamptz', { name: 'removed_at', nullable: true })
  removedAt!: Date | null;

  @Column('text', { name: 'removed_reason', nullable: true })
  removedReason!: string | null;
}
