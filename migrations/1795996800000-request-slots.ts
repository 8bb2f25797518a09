import type { MigrationInterface, QueryRunner } from 'typeorm';
import { schemaOf } from './postack-schema.js';

/** The request rate by evenly spaced times instead of counted windows. A block that goes on is carried over. */
export class PostackRequestSlots1795996800000 implements MigrationInterface {
  readonly name = 'PostackRequestSlots1795996800000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const table = `${schemaOf(queryRunner)}.request_rate`;
    await queryRunner.query(
      `ALTER TABLE ${table}
         ADD COLUMN next_at timestamptz NOT NULL DEFAULT now(),
         ADD COLUMN blocked_until timestamptz`,
    );
    await queryRunner.query(`UPDATE ${table} SET blocked_until = to_timestamp(expire / 1000.0)`);
    await queryRunner.query(
      `ALTER TABLE ${table} ALTER COLUMN next_at DROP DEFAULT, DROP COLUMN points, DROP COLUMN expire`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    const table = `${schemaOf(queryRunner)}.request_rate`;
    await queryRunner.query(
      `ALTER TABLE ${table} ADD COLUMN points integer NOT NULL DEFAULT 0, ADD COLUMN expire bigint`,
    );
    // Above every limit, as a block was.
    await queryRunner.query(
      `UPDATE ${table} SET points = 1001, expire = (extract(epoch FROM blocked_until) * 1000)::bigint
       WHERE blocked_until > now()`,
    );
    await queryRunner.query(`ALTER TABLE ${table} DROP COLUMN next_at, DROP COLUMN blocked_until`);
  }
}
