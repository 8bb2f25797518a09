import type { MigrationInterface, QueryRunner } from 'typeorm';
import { schemaOf } from './postack-schema.js';

/** The trace of the request that brought an event, so that the spans of its listeners are linked to it. */
export class PostackTraceParent1796342400000 implements MigrationInterface {
  readonly name = 'PostackTraceParent1796342400000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE ${schemaOf(queryRunner)}.inbox_event ADD COLUMN trace_parent text`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE ${schemaOf(queryRunner)}.inbox_event DROP COLUMN trace_parent`);
  }
}
