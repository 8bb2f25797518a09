import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Which number is behind the key that reports show: the one place where that is written down. */
@Entity({ name: 'report_own_number', schema: 'postack' })
export class ReportOwnNumberEntity {
  /** `NumberFacts.key` */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'report_own_number_pkey' })
  key!: string;

  @Column('text')
  number!: string;
}
