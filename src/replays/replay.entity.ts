import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { EventStatus } from '../dispatch/outcomes/event-status.js';

/**
 * What a replay redelivers.
 *
 * - `replay`: stored events, to all listeners that currently subscribe to them, or to one of them
 * - `backfill`: stored events that were never delivered to a listener
 * - `redrive`: dead letters
 * - `reinterpret`: stored events that are read otherwise with the mapping of now
 */
export type ReplayKind = 'replay' | 'backfill' | 'redrive' | 'reinterpret';

/** A replay alternates between `running` and `paused`; `done` and `cancelled` are final. */
export type ReplayState = 'running' | 'paused' | 'done' | 'cancelled';

/** A redelivery of many events in the order they were stored, at a limited rate. */
@Entity({ name: 'replay', schema: 'postack' })
@Index('replay_created_at_idx', ['createdAt', 'id'])
@Check('replay_kind_check', `kind IN ('replay', 'backfill', 'redrive', 'reinterpret')`)
@Check('replay_state_check', `state IN ('running', 'paused', 'done', 'cancelled')`)
export class ReplayEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'replay_pkey' })
  id!: string;

  @Column('text')
  kind!: ReplayKind;

  @Column('text')
  state!: ReplayState;

  /** Only events of this endpoint; `null` for all. */
  @Column('text', { nullable: true })
  endpoint!: string | null;

  /** Only to this handler; `null` for all. */
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

  /** Maximum number of events a second. */
  @Column('integer', { name: 'rate_per_second' })
  ratePerSecond!: number;

  /** `InboxEventEntity.id` of the newest event that matched when it was created. Later events are not replayed. */
  @Column('bigint', { name: 'last_event_id' })
  lastEventId!: string;

  /** `InboxEventEntity.id` of the last event processed: the next chunk starts after it. */
  @Column('bigint', { default: 0 })
  position!: string;

  /** Number of events that matched when it was created. */
  @Column('bigint')
  matched!: string;

  /** For `reinterpret`: number of events that were read otherwise when it was created. */
  @Column('bigint', { nullable: true })
  changed!: string | null;

  /** For `reinterpret`: the listeners that get these events; `*` for all. */
  @Column('text', { array: true, nullable: true })
  listeners!: string[] | null;

  /** For `reinterpret`: `EventMappingEntity.id` of the mapping to read with. Only processes that have it run the replay. */
  @Column('integer', { name: 'mapping_id', nullable: true })
  mappingId!: number | null;

  /** For `reinterpret`: whether replies to events older than an hour are sent. */
  @Column('boolean', { name: 'answer_old', default: false })
  answerOld!: boolean;

  /** Number of events redelivered so far. */
  @Column('bigint', { default: 0 })
  scheduled!: string;

  /** Last error, if the replay is currently stalled. */
  @Column('text', { nullable: true })
  error!: string | null;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at', default: () => 'now()' })
  updatedAt!: Date;
}
