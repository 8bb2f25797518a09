import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A paused listener: no process calls it until the row is deleted. */
@Entity({ name: 'listener_pause', schema: 'postack' })
export class ListenerPauseEntity {
  /** Name of the listener. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'listener_pause_pkey' })
  listener!: string;

  /** As given by the operator who paused it. */
  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('timestamptz', { name: 'paused_at', default: () => 'now()' })
  pausedAt!: Date;
}
