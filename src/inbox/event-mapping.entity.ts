import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';
import type { StoredReadingOptions } from '../events/stored-reading-options.js';

/** A mapping that events have been read with: the events that another one reads otherwise can be found. */
@Entity({ name: 'event_mapping', schema: 'postack' })
@Index('event_mapping_fingerprint_key', ['fingerprint'], { unique: true })
export class EventMappingEntity {
  @PrimaryGeneratedColumn('identity', {
    type: 'integer',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'event_mapping_pkey',
  })
  id!: number;

  /** Of `options`. */
  @Column('text')
  fingerprint!: string;

  @Column('jsonb')
  options!: StoredReadingOptions;

  @Column('timestamptz', { name: 'first_used_at', default: () => 'now()' })
  firstUsedAt!: Date;
}
