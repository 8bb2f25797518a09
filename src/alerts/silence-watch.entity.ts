import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** Since when this backend has been running without a gap, in a single row: it receives no events while it is down. */
@Entity({ name: 'silence_watch', schema: 'postack' })
@Check('silence_watch_id_check', 'id = 1')
export class SilenceWatchEntity {
  @PrimaryColumn('smallint', { primaryKeyConstraintName: 'silence_watch_pkey' })
  id!: number;

  /** Time of the last check. */
  @Column('timestamptz', { name: 'watched_at' })
  watchedAt!: Date;

  /** Start of the series of checks without a gap. */
  @Column('timestamptz', { name: 'watching_since' })
  watchingSince!: Date;
}
