import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { PostackRole } from './jobs.options.js';

/** A running process that takes deliveries. Its row is deleted when it stops, or has not been heard of for 15 s. */
@Entity({ name: 'worker', schema: 'postack' })
@Index('worker_heartbeat_at_idx', ['heartbeatAt'])
export class WorkerEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'worker_pkey' })
  id!: string;

  /** Name of the machine or container. */
  @Column('text')
  host!: string;

  /** Process id on that machine. */
  @Column('integer')
  pid!: number;

  @Column('text')
  role!: PostackRole;

  /** Version of this package. */
  @Column('text')
  version!: string;

  /** Names of the listeners and projections that it has. */
  @Column('text', { array: true })
  handlers!: string[];

  /** Open database connections, as of the last heartbeat. */
  @Column('integer', { default: 0 })
  connections!: number;

  @Column('timestamptz', { name: 'started_at', default: () => 'now()' })
  startedAt!: Date;

  /** By PostgreSQL's clock. */
  @Column('timestamptz', { name: 'heartbeat_at', default: () => 'now()' })
  heartbeatAt!: Date;
}
