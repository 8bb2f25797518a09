import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** Progress and results of delivery reconciliation, in a single row. */
@Entity({ name: 'delivery_reconciliation', schema: 'postack' })
@Check('delivery_reconciliation_id_check', 'id = 1')
export class DeliveryReconciliationEntity {
  @PrimaryColumn('smallint', { primaryKeyConstraintName: 'delivery_reconciliation_pkey' })
  id!: number;

  /** Every message that Postack accepted up to this time has a row in `message`, even without any event. */
  @Column('timestamptz', { name: 'accepted_until' })
  acceptedUntil!: Date;

  /** Since when Postack has not responded; `null` while it does. */
  @Column('timestamptz', { name: 'unanswered_since', nullable: true })
  unansweredSince!: Date | null;

  /** Messages whose state Postack returned. */
  @Column('integer', { default: 0 })
  asked!: number;

  /** Messages found in a final state whose receipt was missing. */
  @Column('integer', { default: 0 })
  reconciled!: number;

  /** Messages marked as expired. A late receipt does not decrease this number. */
  @Column('integer', { default: 0 })
  expired!: number;
}
