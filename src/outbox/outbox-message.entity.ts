import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { HeldReason, OutboxCategory, OutboxStatus, SmsEncoding } from './outbox-message.js';
import type { SendError } from './send-error.js';

/** One SMS to be sent by this backend. Its delivery state is in the `MessageEntity` with the id `messageId`. */
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

  /** Unique: a second message with the same key is a duplicate and is not sent. */
  @Column('text', { name: 'idempotency_key' })
  idempotencyKey!: string;

  @Column('text')
  category!: OutboxCategory;

  /** Own number or sender name. */
  @Column('text', { name: 'from_number' })
  from!: string;

  /** Recipient. */
  @Column('text', { name: 'to_number' })
  to!: string;

  @Column('text')
  text!: string;

  @Column('text')
  encoding!: SmsEncoding;

  /** Number of segments that the carrier bills. */
  @Column('integer')
  segments!: number;

  /** The `svix-id` of the event that the message answers. */
  @Column('text', { name: 'in_reply_to', nullable: true })
  inReplyTo!: string | null;

  /** The recipient's IANA time zone, for quiet hours; `null`: derived from the number. */
  @Column('text', { name: 'time_zone', nullable: true })
  timeZone!: string | null;

  @Column('text')
  status!: OutboxStatus;

  /** Why the message is held; `null` unless `status` is `held`. */
  @Column('text', { name: 'held_reason', nullable: true })
  heldReason!: HeldReason | null;

  /** Why the message is held or deferred, in a sentence, with what an operator can do. */
  @Column('text', { name: 'held_detail', nullable: true })
  heldDetail!: string | null;

  /** When an operator released the message. The loop guard no longer applies; opt-outs and suppressions always do. */
  @Column('timestamptz', { name: 'released_at', nullable: true })
  releasedAt!: Date | null;

  /** Why the message was released or cancelled. */
  @Column('text', { name: 'decision_reason', nullable: true })
  decisionReason!: string | null;

  /** Requests to Postack so far. */
  @Column('integer', { default: 0 })
  attempts!: number;

  @Column('jsonb', { name: 'last_error', nullable: true })
  lastError!: SendError | null;

  /** Postack's id, once Postack has accepted the message. */
  @Column('text', { name: 'message_id', nullable: true })
  messageId!: string | null;

  /** Postack's id of the failed message that this one resends. */
  @Column('text', { name: 'resend_of', nullable: true })
  resendOf!: string | null;

  /** Resend attempt number; 0 for an original message. */
  @Column('integer', { name: 'resend_attempt', default: 0 })
  resendAttempt!: number;

  /** Earliest time of the next request; `null`: as soon as possible. */
  @Column('timestamptz', { name: 'not_before', nullable: true })
  notBefore!: Date | null;

  /** In whole milliseconds, because list cursors hold it. */
  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  /** Start of the latest request. */
  @Column('timestamptz', { name: 'sending_since', nullable: true })
  sendingSince!: Date | null;

  @Column('timestamptz', { name: 'accepted_at', nullable: true })
  acceptedAt!: Date | null;

  @Column('timestamptz', { name: 'updated_at', default: () => 'now()' })
  updatedAt!: Date;
}
