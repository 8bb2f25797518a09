import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How many events came in during one hour: from these, what is usual is learned. */
@Entity({ name: 'event_hour', schema: 'postack' })
export class EventHourEntity {
  /** When it began. */
  @PrimaryColumn('timestamptz', { primaryKeyConstraintName: 'event_hour_pkey' })
  hour!: Date;

  @Column('integer')
  events!: number;
}
