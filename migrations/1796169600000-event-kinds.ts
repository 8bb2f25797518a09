import type { MigrationInterface, QueryRunner } from 'typeorm';
import { schemaOf } from './postack-schema.js';

/** What an event was taken for: with rules, that no longer follows from its type. `null` for events of before. */
export class PostackEventKinds1796169600000 implements MigrationInterface {
  readonly name = 'PostackEventKinds1796169600000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE ${schemaOf(queryRunner)}.inbox_event ADD COLUMN kind text`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE ${schemaOf(queryRunner)}.inbox_event DROP COLUMN kind`);
  }
}
