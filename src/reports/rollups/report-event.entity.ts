import { Column, Entity, PrimaryColumn } from 'typeorm';

const KEY = 'report_event_pkey';

/** Webhook requests of a quarter of an hour. Rows with different `slot`s add up. */
@Entity({ name: 'report_event', schema: 'postack' })
export class ReportEventEntity {
  /** Its beginning. */
  @PrimaryColumn('timestamptz', { primaryKeyConstraintName: KEY })
  bucket!: Date;

  @PrimaryColumn('smallint', { primaryKeyConstraintName: KEY })
  slot!: number;

  /** Events stored and dispatched. */
  @Column('integer', { default: 0 })
  accepted!: number;

  /** Authentic bytes that are no event. */
  @Column('integer', { default: 0 })
  quarantined!: number;

  /** Events that had been stored before. */
  @Column('integer', { default: 0 })
  duplicates!: number;

  /** Requests that were not authentic, or whose body could not be taken. */
  @Column('integer', { default: 0 })
  rejected!: number;

  /** Requests that were answered 503 or 500, to be sent again. */
  @Column('integer', { default: 0 })
  unavailable!: number;
}
