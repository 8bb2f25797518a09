import type { MigrationInterface, QueryRunner } from 'typeorm';
import { schemaOf } from './postack-schema.js';

/** Several endpoints in one application: a listener can subscribe to one of them, and a replay can be of all. */
export class PostackEndpoints1796428800000 implements MigrationInterface {
  readonly name = 'PostackEndpoints1796428800000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const schema = schemaOf(queryRunner);
    await queryRunner.query(`ALTER TABLE ${schema}.subscription ADD COLUMN endpoint text`);
    await queryRunner.query(`ALTER TABLE ${schema}.replay ALTER COLUMN endpoint DROP NOT NULL`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    const schema = schemaOf(queryRunner);
    await queryRunner.query(`UPDATE ${schema}.replay SET endpoint = 'default' WHERE endpoint IS NULL`);
    await queryRunner.query(`ALTER TABLE ${schema}.replay ALTER COLUMN endpoint SET NOT NULL`);
    await queryRunner.query(`ALTER TABLE ${schema}.subscription DROP COLUMN endpoint`);
  }
}
