import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { HeldReason, OutboxCategory, OutboxStatus, SmsEncoding } from './outbox-message.js';
import type { SendError } from './send-error.js';

/** One SMS that this backend wants sent. What became of it at the carrier stands in the `message` of `messageId`. */
@Entity({ name: 'outbox_message', schema: 'postack' })
@Index('outbox_message_idempotency_key_key', ['idempotencyKey'], { unique: true })
@Index('outbox_message_message_id_key', ['messageId'], { unique: true })
@Index('outbox_message_created_at_idx', ['createdAt', 'id'])
@Index('outbox_message_peer_idx', ['to', 'sendingSince'])
@Index('outbox_message_accepted_at_idx', ['acceptedAt'], { where: 'accepted_at IS NOT NULL' })
@Index('outbox_message_resend_of_idx', ['resendOf'], { where: 'resend_of IS NOT NULL' })
@Index('outbox_message_unsettled_idx', ['status', 'createdAt'], {
  where: `"status" IN ('queued', 'sending', 'held')`,
})
@Check(
  'outbox_message_category_check',
  `category IN ('reply', 'confirmation', 'notification', 'solicitation')`,
)
@Check(
  'outbox_message_status_check',
  `status IN ('queued', 'sending', 'accepted', 'held', 'rejected', 'cancelled')`,
)
export class OutboxMessageEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'outbox_message_pkey' })
  id!: string;

  /** Two messages with one key are one message. */
  @Column('text', { name: 'idempotency_key' })
  idempotencyKey!: string;

  @Column('text')
  category!: OutboxCategory;

  /** The own number that it is sent from. */
  @Column('text', { name: 'from_number' })
  from!: string;

  /** Who gets it. */
  @Column('text', { name: 'to_number' })
  to!: string;

  @Column('text')
  text!: string;

  @Column('text')
  encoding!: SmsEncoding;

  /** Parts that the carrier will make of it. */
  @Column('integer')
  segments!: number;

  /** The `svix-id` of the event that it answers. */
  @Column('text', { name: 'in_reply_to', nullable: true })
  inReplyTo!: string | null;

  /** Time zones that the recipient may be in, for quiet hours; by the number when absent. */
  @Column('text', { name: 'time_zone', nullable: true })
  timeZone!: string | null;

  @Column('text')
  status!: OutboxStatus;

  /** Why it is held; `null` unless it is. */
  @Column('text', { name: 'held_reason', nullable: true })
  heldReason!: HeldReason | null;

  /** The same in a sentence, with what a person can do. */
  @Column('text', { name: 'held_detail', nullable: true })
  heldDetail!: string | null;

  /** When a person released it: budgets and loops are not asked any more. Opt-outs always are. */
  @Column('timestamptz', { name: 'released_at', nullable: true })
  releasedAt!: Date | null;

  /** Why it was released, or cancelled. */
  @Column('text', { name: 'decision_reason', nullable: true })
  decisionReason!: string | null;

  /** Requests to Postack so far. */
  @Column('integer', { default: 0 })
  attempts!: number;

  @Column('jsonb', { name: 'last_error', nullable: true })
  lastError!: SendError | null;

  /** Postack's id, once it has accepted the message. */
  @Column('text', { name: 'message_id', nullable: true })
  messageId!: string | null;

  /** Postack's id of the message that failed, and that this one repeats. */
  @Column('text', { name: 'resend_of', nullable: true })
  resendOf!: string | null;

  /** The how manieth repetition it is; 0 for a message that repeats none. */
  @Column('integer', { name: 'resend_attempt', default: 0 })
  resendAttempt!: number;

  /** Not sent before. */
  @Column('timestamptz', { name: 'not_before', nullable: true })
  notBefore!: Date | null;

  /** In whole milliseconds: lists go by it. */
  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  /** When the latest request began. */
  @Column('timestamptz', { name: 'sending_since', nullable: true })
  sendingSince!: Date | null;

  @Column('timestamptz', { name: 'accepted_at', nullable: true })
  acceptedAt!: Date | null;

  @Column('timestamptz', { name: 'updated_at', default: () => 'now()' })
  updatedAt!: Date;
}
