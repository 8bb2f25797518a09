import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { PostackCauseClass } from '../postack-api/postack-api-error-catalogue.js';
import type { FailureReaction } from './failures.options.js';
import type { FailureSource, FailureState, ResendRefusal } from './failure-states.js';

/** A message that did not arrive: one row for each message, with its latest failure. */
@Entity({ name: 'message_failure', schema: 'postack' })
@Index('message_failure_failed_at_idx', ['failedAt', 'messageId'])
@Index('message_failure_number_idx', ['to', 'failedAt'])
@Index('message_failure_cause_idx', ['causeClass', 'failedAt', 'messageId'])
@Index('message_failure_unacknowledged_idx', ['failedAt', 'messageId'], { where: `acknowledged_at IS NULL` })
@Index('message_failure_code_idx', ['code', 'failedAt'])
@Index('message_failure_rejection_idx', ['failedAt'], { where: `source = 'rejection'` })
@Check('message_failure_state_check', `state IN ('rejected', 'failed', 'undelivered')`)
@Check('message_failure_source_check', `source IN ('event', 'lookup', 'rejection')`)
export class MessageFailureEntity {
  /** Postack's id of the message; the outbox id if Postack rejected the message. */
  @PrimaryColumn('text', { name: 'message_id', primaryKeyConstraintName: 'message_failure_pkey' })
  messageId!: string;

  @Column('text')
  state!: FailureState;

  @Column('text')
  source!: FailureSource;

  /** Error code as reported, whether or not the catalogue contains it; `null` if none was reported. */
  @Column('text', { nullable: true })
  code!: string | null;

  @Column('text', { name: 'cause_class' })
  causeClass!: PostackCauseClass;

  @Column('text', { name: 'from_number', nullable: true })
  from!: string | null;

  @Column('text', { name: 'to_number', nullable: true })
  to!: string | null;

  /** When the message failed, according to the event. */
  @Column('timestamptz', { name: 'failed_at' })
  failedAt!: Date;

  /** `svix-id` of the event that reported it; `null` if no event did. */
  @Column('text', { name: 'event_id', nullable: true })
  eventId!: string | null;

  /** Reactions that took effect; `null` until the failure has been handled. */
  @Column('text', { array: true, nullable: true })
  reactions!: FailureReaction[] | null;

  @Column('timestamptz', { name: 'reacted_at', nullable: true })
  reactedAt!: Date | null;

  /** Why the reaction `resend` did not resend the message. */
  @Column('text', { name: 'resend_refusal', nullable: true })
  resendRefusal!: ResendRefusal | null;

  @Column('timestamptz', { name: 'acknowledged_at', nullable: true })
  acknowledgedAt!: Date | null;

  /** Given by the operator who acknowledged it. */
  @Column('text', { name: 'acknowledged_reason', nullable: true })
  acknowledgedReason!: string | null;
}
