import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Dimension } from './report-deltas.js';

const KEY = 'report_count_pkey';

/**
 * Messages of a quarter of an hour, by one dimension. Several rows with different `slot`s add up: so dispatchers do not
 * wait for each other.
 */
@Entity({ name: 'report_count', schema: 'postack' })
export class ReportCountEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: KEY })
  dimension!: Dimension;

  /** Its beginning. */
  @PrimaryColumn('timestamptz', { primaryKeyConstraintName: KEY })
  bucket!: Date;

  /** Of the dimension; empty for `total`. Never a phone number. */
  @PrimaryColumn('text', { primaryKeyConstraintName: KEY })
  value!: string;

  @PrimaryColumn('smallint', { primaryKeyConstraintName: KEY })
  slot!: number;

  /** Inbound messages; the other states are those of outbound ones. */
  @Column('integer')
  received!: number;

  @Column('integer')
  accepted!: number;

  @Column('integer')
  queued!: number;

  @Column('integer')
  sending!: number;

  @Column('integer')
  sent!: number;

  @Column('integer')
  expired!: number;

  @Column('integer')
  failed!: number;

  @Column('integer')
  undelivered!: number;

  @Column('integer')
  delivered!: number;

  @Column('integer')
  read!: number;

  /** Parts of inbound messages. */
  @Column('integer', { name: 'segments_received' })
  segmentsReceived!: number;

  /** Parts of outbound messages. */
  @Column('integer', { name: 'segments_sent' })
  segmentsSent!: number;

  /** Messages that open a conversation. */
  @Column('integer')
  conversations!: number;

  /** Inbound messages that a reply followed. */
  @Column('integer')
  replied!: number;
}
