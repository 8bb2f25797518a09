import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** The one row about asking Postack for want of receipts: how far that is, and what it has come to. */
@Entity({ name: 'delivery_reconciliation', schema: 'postack' })
@Check('delivery_reconciliation_id_check', 'id = 1')
export class DeliveryReconciliationEntity {
  @PrimaryColumn('smallint', { primaryKeyConstraintName: 'delivery_reconciliation_pkey' })
  id!: number;

  /** What Postack had accepted until then has a row in `message`, if only for want of any event. */
  @Column('timestamptz', { name: 'accepted_until' })
  acceptedUntil!: Date;

  /** Since then, no question has been answered; `null` while Postack answers. */
  @Column('timestamptz', { name: 'unanswered_since', nullable: true })
  unansweredSince!: Date | null;

  /** Messages that Postack has told the state of. */
  @Column('integer', { default: 0 })
  asked!: number;

  /** Of these, so many had come to an end, and the receipt was missing. */
  @Column('integer', { default: 0 })
  reconciled!: number;

  /** Messages that have expired. A late receipt does not lower it. */
  @Column('integer', { default: 0 })
  expired!: number;
}
