import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How many requests an API key has made in the running window: shared by all processes. Kept by `RequestRate`. */
@Entity({ name: 'request_rate', schema: 'postack' })
export class RequestRateEntity {
  /** Made from a hash of the API key, never the key. */
  @PrimaryColumn('varchar', { length: 255, primaryKeyConstraintName: 'request_rate_pkey' })
  key!: string;

  /** Requests in the window, also those that were refused; more than the limit while Postack has asked to wait. */
  @Column('integer', { default: 0 })
  points!: number;

  /** End of the window, in milliseconds since 1970. */
  @Column('bigint', { nullable: true })
  expire!: string | null;
}
