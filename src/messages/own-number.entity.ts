import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An own number: one that a message was received on. */
@Entity({ name: 'own_number', schema: 'postack' })
export class OwnNumberEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'own_number_pkey' })
  number!: string;

  @Column('timestamptz', { name: 'first_seen_at', default: () => 'now()' })
  firstSeenAt!: Date;
}
