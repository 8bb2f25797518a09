import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Dimension, Duration } from './report-deltas.js';

const KEY = 'report_duration_pkey';

/** One bin of the durations of an hour; see `binOf`. Rows with different `slot`s add up. */
@Entity({ name: 'report_duration', schema: 'postack' })
export class ReportDurationEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: KEY })
  duration!: Duration;

  @PrimaryColumn('text', { primaryKeyConstraintName: KEY })
  dimension!: Dimension;

  /** Its beginning. */
  @PrimaryColumn('timestamptz', { primaryKeyConstraintName: KEY })
  hour!: Date;

  /** Of the dimension; empty for `total`. Never a phone number. */
  @PrimaryColumn('text', { primaryKeyConstraintName: KEY })
  value!: string;

  @PrimaryColumn('smallint', { primaryKeyConstraintName: KEY })
  bin!: number;

  @PrimaryColumn('smallint', { primaryKeyConstraintName: KEY })
  slot!: number;

  @Column('integer')
  count!: number;
}
