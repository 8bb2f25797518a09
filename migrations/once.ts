import type { MigrationInterface, QueryRunner } from 'typeorm';
import { dataSourceOf } from '../src/database/data-source-of.js';

/** Advisory lock of our migrations, held until the transaction ends. Any unique number. */
const LOCK = 0x6f6e6365;

type Up = (this: Pick<MigrationInterface, 'name'>, queryRunner: QueryRunner) => Promise<void>;

/**
 * Lets several processes start a migration at once, each with `migrationsRun: true`: one runs it; the others wait, and find
 * it done.
 */
export function once(Migration: new () => MigrationInterface): new () => MigrationInterface {
  const { prototype } = Migration as { prototype: Pick<MigrationInterface, 'name'> & { up: Up } };
  const { up } = prototype;
  prototype.up = async function (queryRunner) {
    await queryRunner.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    if (!(await wasDoneMeanwhile(queryRunner, this.name))) await up.call(this, queryRunner);
  };
  return Migration;
}

/** Whether another process has run it. Its record is removed then, because TypeORM adds one of this process. */
async function wasDoneMeanwhile(queryRunner: QueryRunner, name: string | undefined): Promise<boolean> {
  const { driver, options } = dataSourceOf(queryRunner);
  const { schema } = options as { schema?: string };
  const table = driver
    .buildTableName(options.migrationsTableName ?? 'migrations', schema)
    .split('.')
    .map((part) => driver.escape(part))
    .join('.');
  const [{ exists }] = (await queryRunner.query('SELECT to_regclass($1) IS NOT NULL AS exists', [table])) as [
    { exists: boolean },
  ];
  if (!exists) return false;
  const [, deleted] = (await queryRunner.query(`DELETE FROM ${table} WHERE name = $1`, [name])) as [
    unknown,
    number,
  ];
  return deleted > 0;
}
