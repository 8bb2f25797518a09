import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Requests of an API key in the current window, counted by all processes. Maintained by `RequestRate`. */
@Entity({ name: 'request_rate', schema: 'postack' })
export class RequestRateEntity {
  /** Derived from a hash of the API key; never the key itself. */
  @PrimaryColumn('varchar', { length: 255, primaryKeyConstraintName: 'request_rate_pkey' })
  key!: string;

  /** Requests in the window, including those that were not admitted; above the limit while the key is blocked. */
  @Column('integer', { default: 0 })
  points!: number;

  /** End of the window, in milliseconds since 1970. */
  @Column('bigint', { nullable: true })
  expire!: string | null;
}
