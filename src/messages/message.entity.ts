import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { DeliveryFact, DeliveryState } from './delivery-state.js';

/** One SMS, inbound or outbound, according to Postack's events. */
@Entity({ name: 'message', schema: 'postack' })
@Index('message_last_event_at_idx', ['lastEventAt', 'id'])
@Index('message_unsettled_idx', ['lastEventAt'], {
  where: `"state" IN ('accepted', 'queued', 'sending', 'sent')`,
})
@Index('message_first_event_at_idx', ['firstEventAt', 'id'])
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

  @Column('timestamptz', { name: 'first_event_at' })
  firstEventAt!: Date;

  @Column('timestamptz', { name: 'last_event_at' })
  lastEventAt!: Date;

  /** Whether the reports count it; used only while they are enabled. */
  @Column('boolean', { name: 'is_counted', default: false, select: false })
  isCounted?: boolean;
}
