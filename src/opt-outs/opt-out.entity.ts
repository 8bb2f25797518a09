import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { OptOutSource } from './opt-out-evidence.entity.js';

/** Whether a customer is opted out from messages of one own number, or of all, by the latest entry of the ledger. */
@Entity({ name: 'opt_out', schema: 'postack' })
@Index('opt_out_since_idx', ['since', 'peer', 'ownNumber'])
@Check('opt_out_source_check', `source IN ('message', 'admin', 'import')`)
export class OptOutEntity {
  /** The customer's number: E.164, a short code or a sender name. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'opt_out_pkey' })
  peer!: string;

  /** Empty: all own numbers. */
  @PrimaryColumn('text', { name: 'own_number', primaryKeyConstraintName: 'opt_out_pkey' })
  ownNumber!: string;

  @Column('boolean', { name: 'opted_out' })
  optedOut!: boolean;

  /** Time of the deciding entry. */
  @Column('timestamptz')
  since!: Date;

  /** When its event was received, which decides between entries of the same time; `null` without an event. */
  @Column('timestamptz', { name: 'received_at', nullable: true })
  receivedAt!: Date | null;

  @Column('text')
  source!: OptOutSource;

  @Column('text', { nullable: true })
  keyword!: string | null;

  /** The `svix-id` of the deciding event. */
  @Column('text', { name: 'event_id', nullable: true })
  eventId!: string | null;

  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('timestamptz', { name: 'updated_at', default: () => 'now()' })
  updatedAt!: Date;
}
