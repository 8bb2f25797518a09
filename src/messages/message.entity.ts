import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { DeliveryFact, DeliveryState } from './delivery-state.js';

/** One SMS, inbound or outbound, according to Postack's events. */
@Entity({ name: 'message', schema: 'postack' })
@Index('message_last_event_at_idx', ['lastEventAt', 'id'])
@Index('message_unsettled_idx', ['lastEventAt'], {
  where: `"state" IN ('accepted', 'queued', 'sending', 'sent')`,
})
@Index('message_first_event_at_idx', ['firstEventAt', 'id'])
@Index('message_conversation_idx', ['conversation', 'direction', 'firstEventAt'], {
  where: 'conversation IS NOT NULL',
})
@Index('message_unfilled_idx', ['firstEventAt'], { where: 'own_number_key IS NULL' })
@Check('message_direction_check', `direction IN ('inbound', 'outbound')`)
export class MessageEntity {
  /** Postack's id of the message. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'message_pkey' })
  id!: string;

  @Column('text')
  direction!: 'inbound' | 'outbound';

  /** Its delivery state; see `mergeFacts`. */
  @Column('text')
  state!: DeliveryState;

  @Column('timestamptz', { name: 'state_at' })
  stateAt!: Date;

  /** Why it was not delivered; `null` unless `state` is `undelivered` or `failed`. */
  @Column('text', { name: 'error_code', nullable: true })
  errorCode!: string | null;

  /** Contradicting final states were reported; `history` has them all. */
  @Column('boolean')
  conflict!: boolean;

  @Column('text', { name: 'from_number', nullable: true })
  from!: string | null;

  @Column('text', { name: 'to_number', nullable: true })
  to!: string | null;

  @Column('text', { nullable: true })
  text!: string | null;

  @Column('integer', { nullable: true })
  segments!: number | null;

  /** Every reported state, with the event that reported it first. */
  @Column('jsonb')
  history!: DeliveryFact[];

  /** Every report, if some state was reported more than once; `null`: `history` has them all. */
  @Column('jsonb', { nullable: true, select: false })
  reports?: DeliveryFact[] | null;

  @Column('timestamptz', { name: 'first_event_at' })
  firstEventAt!: Date;

  @Column('timestamptz', { name: 'last_event_at' })
  lastEventAt!: Date;

  // What follows from the columns above: see `messageFacts`. Set whenever the row is written; a row from before they
  // existed gets them from `ReportJob`.

  /** Stable key of the own number; `unknown` without one; `null` if these columns are not filled in yet. */
  @Column('text', { name: 'own_number_key', nullable: true, select: false })
  ownNumberKey?: string | null;

  /** ISO 3166 code of the peer's country; a calling code such as `+1` if it is ambiguous, else `unknown`. */
  @Column('text', { nullable: true, select: false })
  country?: string | null;

  /** The same for all messages between two numbers; `null` if one of them is unknown. */
  @Column('bigint', { nullable: true, select: false })
  conversation?: string | null;

  /** First characters of the peer's number, `+` included. */
  @Column('text', { name: 'peer_prefix', nullable: true, select: false })
  peerPrefix?: string | null;

  /** From the first event to the delivery; negative if clocks differ. */
  @Column('double precision', { name: 'delivered_after_ms', nullable: true, select: false })
  deliveredAfterMs?: number | null;
}
