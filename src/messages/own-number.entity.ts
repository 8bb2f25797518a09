import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A number that a message has come in on: it is ours. */
@Entity({ name: 'own_number', schema: 'postack' })
export class OwnNumberEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'own_number_pkey' })
  number!: string;

  @Column('timestamptz', { name: 'first_seen_at', default: () => 'now()' })
  firstSeenAt!: Date;
}
