import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Maps the keys shown by reports to numbers; no other report table contains a number. */
@Entity({ name: 'report_own_number', schema: 'postack' })
export class ReportOwnNumberEntity {
  /** `NumberFacts.key` */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'report_own_number_pkey' })
  key!: string;

  @Column('text')
  number!: string;
}
