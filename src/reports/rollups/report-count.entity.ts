import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Dimension } from './report-deltas.js';

const KEY = 'report_count_pkey';

/**
 * Messages of a 15-minute bucket, by one dimension. The sum of all `slot`s counts: dispatchers write to different slots,
 * so that they do not block each other.
 */
@Entity({ name: 'report_count', schema: 'postack' })
export class ReportCountEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: KEY })
  dimension!: Dimension;

  /** Start of the bucket. */
  @PrimaryColumn('timestamptz', { primaryKeyConstraintName: KEY })
  bucket!: Date;

  /** Value of the dimension; empty for `total`. Never a phone number. */
  @PrimaryColumn('text', { primaryKeyConstraintName: KEY })
  value!: string;

  @PrimaryColumn('smallint', { primaryKeyConstraintName: KEY })
  slot!: number;

  /** Inbound messages; the other states are of outbound messages. */
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

  /** Segments of inbound messages. */
  @Column('integer', { name: 'segments_received' })
  segmentsReceived!: number;

  /** Segments of outbound messages. */
  @Column('integer', { name: 'segments_sent' })
  segmentsSent!: number;

  /** Messages that open a conversation. */
  @Column('integer')
  conversations!: number;

  /** Inbound messages with a reply. */
  @Column('integer')
  replied!: number;
}
