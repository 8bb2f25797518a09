import type { MigrationInterface, QueryRunner } from 'typeorm';
import { schemaOf } from './postack-schema.js';

/** Positions of retention, and the events that it skipped. */
export class PostackRetention1795482000000 implements MigrationInterface {
  readonly name = 'PostackRetention1795482000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const schema = schemaOf(queryRunner);
    await queryRunner.query(`
      CREATE TABLE ${schema}.retention_progress (
        step text NOT NULL,
        received_at timestamptz NOT NULL,
        event_id bigint NOT NULL,
        CONSTRAINT retention_progress_pkey PRIMARY KEY (step),
        CONSTRAINT retention_progress_step_check CHECK (step IN ('bodies', 'ids', 'leftovers'))
      )`);
    await queryRunner.query(`
      CREATE TABLE ${schema}.retention_leftover (
        event_id bigint NOT NULL,
        CONSTRAINT retention_leftover_pkey PRIMARY KEY (event_id)
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    const schema = schemaOf(queryRunner);
    await queryRunner.query(`DROP TABLE ${schema}.retention_leftover`);
    await queryRunner.query(`DROP TABLE ${schema}.retention_progress`);
  }
}
