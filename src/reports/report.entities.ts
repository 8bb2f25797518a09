import { Check, Column, Entity, Index, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import type { Dimension, Duration } from './report-measures.js';

const COUNT_KEY = 'report_count_pkey';
const DURATION_KEY = 'report_duration_pkey';
const WINDOW_KEY = 'report_window_pkey';

/** A time whose figures have changed with a message or an event: written by dispatch, taken by `ReportJob`. */
@Entity({ name: 'report_mark', schema: 'postack' })
@Check('report_mark_kind_check', `kind IN ('event', 'message', 'inbound', 'outbound')`)
export class ReportMarkEntity {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'report_mark_pkey',
  })
  id!: string;

  /** `inbound`, `outbound`: a message has come to, or left, this time in its conversation. */
  @Column('text')
  kind!: 'event' | 'message' | 'inbound' | 'outbound';

  @Column('timestamptz')
  at!: Date;

  @Column('bigint', { nullable: true })
  conversation!: string | null;
}

/**
 * The part of time whose figures are computed together: an hour, or less of a busy one. An hour is covered by its windows,
 * or has none yet.
 */
@Entity({ name: 'report_window', schema: 'postack' })
@Index('report_window_stale_idx', ['stale', 'start'], { where: 'stale IS NOT NULL' })
@Check('report_window_source_check', `source IN ('messages', 'events')`)
@Check('report_window_stale_check', `stale IN ('changed', 'rebuild')`)
export class ReportWindowEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: WINDOW_KEY })
  source!: 'messages' | 'events';

  @PrimaryColumn('timestamptz', { primaryKeyConstraintName: WINDOW_KEY })
  start!: Date;

  /** One of `WINDOW_SECONDS`. */
  @Column('integer')
  seconds!: number;

  /** Why its figures have to be computed again; `null` if they have not. */
  @Column('text', { nullable: true })
  stale!: 'changed' | 'rebuild' | null;
}

/** One row, locked by who is computing figures. */
@Entity({ name: 'report_state', schema: 'postack' })
@Check('report_state_id_check', 'id = 1')
export class ReportStateEntity {
  @PrimaryColumn('smallint', { default: 1, primaryKeyConstraintName: 'report_state_pkey' })
  id!: number;

  /** Each event that was acknowledged before is in the figures. */
  @Column('timestamptz', { name: 'complete_to', default: () => 'now()' })
  completeTo!: Date;

  /** Up to this receipt, quarantined events have been marked. */
  @Column('timestamptz', { name: 'quarantined_to', default: () => 'now()' })
  quarantinedTo!: Date;

  /** The next part of a rebuild is computed from then on. */
  @Column('timestamptz', { name: 'rebuild_at', default: () => 'now()' })
  rebuildAt!: Date;
}

/** Messages of a bucket of 15 minutes, or of a shorter window, by one dimension. */
@Entity({ name: 'report_count', schema: 'postack' })
export class ReportCountEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: COUNT_KEY })
  dimension!: Dimension;

  /** Start of the bucket. */
  @PrimaryColumn('timestamptz', { primaryKeyConstraintName: COUNT_KEY })
  bucket!: Date;

  /** Value of the dimension; empty for `total`. Never a phone number. */
  @PrimaryColumn('text', { primaryKeyConstraintName: COUNT_KEY })
  value!: string;

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

  /** Of outbound messages, in the currency of `reports.prices`. */
  @Column('numeric', { default: 0 })
  cost!: string;

  /** Segments of outbound messages to where there is no price for. */
  @Column('integer', { name: 'unpriced_segments', default: 0 })
  unpricedSegments!: number;
}

/** The durations of an hour, or of a shorter window. */
@Entity({ name: 'report_duration', schema: 'postack' })
export class ReportDurationEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: DURATION_KEY })
  duration!: Duration;

  @PrimaryColumn('text', { primaryKeyConstraintName: DURATION_KEY })
  dimension!: Dimension;

  /** Start of the hour, or of the window. */
  @PrimaryColumn('timestamptz', { primaryKeyConstraintName: DURATION_KEY })
  bucket!: Date;

  /** Value of the dimension; empty for `total`. Never a phone number. */
  @PrimaryColumn('text', { primaryKeyConstraintName: DURATION_KEY })
  value!: string;

  /** See `addHistogram`. */
  @Column('bytea')
  histogram!: Buffer;
}

/** Webhook requests of a bucket of 15 minutes, or of a shorter window. */
@Entity({ name: 'report_event', schema: 'postack' })
export class ReportEventEntity {
  /** Start of the bucket. */
  @PrimaryColumn('timestamptz', { primaryKeyConstraintName: 'report_event_pkey' })
  bucket!: Date;

  /** Events that were stored and dispatched. */
  @Column('integer', { default: 0 })
  accepted!: number;

  /** Authentic requests whose body is not an event. */
  @Column('integer', { default: 0 })
  quarantined!: number;

  // Stored nowhere else: `RequestCounts` adds to these.

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

/** Maps the keys shown by reports to numbers; no other report table contains a number. */
@Entity({ name: 'report_own_number', schema: 'postack' })
export class ReportOwnNumberEntity {
  /** `NumberFacts.key` */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'report_own_number_pkey' })
  key!: string;

  @Column('text')
  number!: string;
}
