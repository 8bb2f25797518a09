import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The next request that an API key allows, for all processes. Maintained by `PostgresSlots`. */
@Entity({ name: 'request_rate', schema: 'postack' })
export class RequestRateEntity {
  /** Derived from a hash of the API key; never the key itself. */
  @PrimaryColumn('varchar', { length: 255, primaryKeyConstraintName: 'request_rate_pkey' })
  key!: string;

  /** The earliest time that no process has reserved. */
  @Column('timestamptz', { name: 'next_at' })
  nextAt!: Date;

  /** Postack has asked for a pause until then. */
  @Column('timestamptz', { name: 'blocked_until', nullable: true })
  blockedUntil!: Date | null;
}
