import type { Client } from 'pg';
import type { QueryRunner } from 'typeorm';

/** Closes a connection in the middle of whatever it does, and takes it out of the pool. */
export async function abandonConnection(queryRunner: QueryRunner): Promise<void> {
  const connection = (await queryRunner.connect()) as Client;
  await connection.end();
  await queryRunner.release();
}
