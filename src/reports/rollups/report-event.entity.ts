import { Column, Entity, PrimaryColumn } from 'typeorm';

const KEY = 'report_event_pkey';

/** Webhook requests of a 15-minute bucket. The sum of all `slot`s counts. */
@Entity({ name: 'report_event', schema: 'postack' })
export class ReportEventEntity {
  /** Start of the bucket. */
  @PrimaryColumn('timestamptz', { primaryKeyConstraintName: KEY })
  bucket!: Date;

  @PrimaryColumn('smallint', { primaryKeyConstraintName: KEY })
  slot!: number;

  /** Events that were stored and dispatched. */
  @Column('integer', { default: 0 })
  accepted!: number;

  /** Authentic requests whose body is not an event. */
  @Column('integer', { default: 0 })
  quarantined!: number;

  /** Events that were already stored. */
  @Column('integer', { default: 0 })
  duplicates!: number;

  /** Requests that were not authentic, or whose body was not accepted. */
  @Column('integer', { default: 0 })
  rejected!: number;

  /** Requests answered with 503 or 500, which the sender retries. */
  @Column('integer', { default: 0 })
  unavailable!: number;
}
