import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { EventStatus } from '../dispatch/outcomes/event-status.js';

/**
 * What a replay hands out again.
 *
 * - `replay`: stored events, to the listeners subscribed to them now, or to one of them
 * - `backfill`: stored events that one listener has never been handed
 * - `redrive`: dead letters
 */
export type ReplayKind = 'replay' | 'backfill' | 'redrive';

/** `paused` and `running` go back and forth; `done` and `cancelled` are final. */
export type ReplayState = 'running' | 'paused' | 'done' | 'cancelled';

/** Many events being handed to listeners again, in the order of storing, at a limited rate. */
@Entity({ name: 'replay', schema: 'postack' })
@Index('replay_created_at_idx', ['createdAt', 'id'])
@Check('replay_kind_check', `kind IN ('replay', 'backfill', 'redrive')`)
@Check('replay_state_check', `state IN ('running', 'paused', 'done', 'cancelled')`)
export class ReplayEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'replay_pkey' })
  id!: string;

  @Column('text')
  kind!: ReplayKind;

  @Column('text')
  state!: ReplayState;

  /** Only events of this endpoint. */
  @Column('text')
  endpoint!: string;

  /** Only this handler; `null` for all listeners. */
  @Column('text', { nullable: true })
  listener!: string | null;

  /** Only events of this type. */
  @Column('text', { nullable: true })
  type!: string | null;

  /** Only events of this status. */
  @Column('text', { nullable: true })
  status!: EventStatus | null;

  /** Received at or after. */
  @Column('timestamptz', { nullable: true })
  since!: Date | null;

  /** Received before. */
  @Column('timestamptz', { nullable: true })
  until!: Date | null;

  /** Events a second, at most. */
  @Column('integer', { name: 'rate_per_second' })
  ratePerSecond!: number;

  /** The newest event when it was asked for, as `InboxEventEntity.id`: later ones are not replayed. */
  @Column('bigint', { name: 'last_event_id' })
  lastEventId!: string;

  /** The last event that it has looked at: where it goes on. */
  @Column('bigint', { default: 0 })
  position!: string;

  /** How many events matched when it was asked for. */
  @Column('bigint')
  matched!: string;

  /** How many of them have been handed out again. */
  @Column('bigint', { default: 0 })
  scheduled!: string;

  /** Why it is not getting on, at the moment. */
  @Column('text', { nullable: true })
  error!: string | null;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at', default: () => 'now()' })
  updatedAt!: Date;
}
