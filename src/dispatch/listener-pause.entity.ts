import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A listener that takes no events for the time being, in any process. */
@Entity({ name: 'listener_pause', schema: 'postack' })
export class ListenerPauseEntity {
  /** Name of the listener. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'listener_pause_pkey' })
  listener!: string;

  /** Why, in the words of whoever paused it. */
  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('timestamptz', { name: 'paused_at', default: () => 'now()' })
  pausedAt!: Date;
}
