import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { OptOutSource } from './opt-out-evidence.entity.js';

/** Whether somebody wants to be written to from one own number, or from all: what the latest entry of the ledger says. */
@Entity({ name: 'opt_out', schema: 'postack' })
@Index('opt_out_since_idx', ['since', 'peer', 'ownNumber'])
@Check('opt_out_source_check', `source IN ('message', 'admin', 'import')`)
export class OptOutEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'opt_out_pkey' })
  peer!: string;

  /** Empty: all of them. */
  @PrimaryColumn('text', { name: 'own_number', primaryKeyConstraintName: 'opt_out_pkey' })
  ownNumber!: string;

  @Column('boolean', { name: 'opted_out' })
  optedOut!: boolean;

  /** When the entry happened that decides. */
  @Column('timestamptz')
  since!: Date;

  @Column('text')
  source!: OptOutSource;

  @Column('text', { nullable: true })
  keyword!: string | null;

  /** The `svix-id` of the event. */
  @Column('text', { name: 'event_id', nullable: true })
  eventId!: string | null;

  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('timestamptz', { name: 'updated_at', default: () => 'now()' })
  updatedAt!: Date;
}
