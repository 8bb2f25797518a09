import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Dimension, Duration } from './report-deltas.js';

const KEY = 'report_duration_pkey';

/** One bin of the durations of an hour; see `binOf`. The sum of all `slot`s counts. */
@Entity({ name: 'report_duration', schema: 'postack' })
export class ReportDurationEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: KEY })
  duration!: Duration;

  @PrimaryColumn('text', { primaryKeyConstraintName: KEY })
  dimension!: Dimension;

  /** Start of the hour. */
  @PrimaryColumn('timestamptz', { primaryKeyConstraintName: KEY })
  hour!: Date;

  /** Value of the dimension; empty for `total`. Never a phone number. */
  @PrimaryColumn('text', { primaryKeyConstraintName: KEY })
  value!: string;

  @PrimaryColumn('smallint', { primaryKeyConstraintName: KEY })
  bin!: number;

  @PrimaryColumn('smallint', { primaryKeyConstraintName: KEY })
  slot!: number;

  @Column('integer')
  count!: number;
}
