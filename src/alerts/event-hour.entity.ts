import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Number of events received in one hour; the basis for what is usual. */
@Entity({ name: 'event_hour', schema: 'postack' })
export class EventHourEntity {
  /** Start of the hour. */
  @PrimaryColumn('timestamptz', { primaryKeyConstraintName: 'event_hour_pkey' })
  hour!: Date;

  @Column('integer')
  events!: number;
}
