import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** The one row about watching for silence: nobody can tell what did not come while nobody watched. */
@Entity({ name: 'silence_watch', schema: 'postack' })
@Check('silence_watch_id_check', 'id = 1')
export class SilenceWatchEntity {
  @PrimaryColumn('smallint', { primaryKeyConstraintName: 'silence_watch_pkey' })
  id!: number;

  /** The last time. */
  @Column('timestamptz', { name: 'watched_at' })
  watchedAt!: Date;

  /** Since then without a gap. */
  @Column('timestamptz', { name: 'watching_since' })
  watchingSince!: Date;
}
