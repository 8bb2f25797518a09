import type { MigrationInterface, QueryRunner } from 'typeorm';
import { schemaOf } from './postack-schema.js';

/** Deliveries, retries, dead letters and order of listeners; pauses; replays; events without payload. */
export class PostackDurableDispatch1795478400000 implements MigrationInterface {
  readonly name = 'PostackDurableDispatch1795478400000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const schema = schemaOf(queryRunner);
    const outcome = `${schema}.handler_outcome`;
    // The foreign key locked the event at each insert of an outcome. Retention removes both together.
    await queryRunner.query(`ALTER TABLE ${outcome} DROP CONSTRAINT handler_outcome_event_id_fkey`);
    await queryRunner.query(`ALTER TABLE ${outcome} DROP COLUMN job_id`);
    await queryRunner.query(`
      ALTER TABLE ${outcome}
        ADD COLUMN delivery integer NOT NULL DEFAULT 0,
        ADD COLUMN reason text NOT NULL DEFAULT 'first',
        ADD COLUMN replay_id uuid,
        ADD COLUMN next_attempt_at timestamptz,
        ADD COLUMN order_key text,
        ADD COLUMN discard_reason text,
        DROP CONSTRAINT handler_outcome_status_check,
        ADD CONSTRAINT handler_outcome_status_check
          CHECK (status IN ('pending', 'done', 'failing', 'dead', 'discarded')),
        ADD CONSTRAINT handler_outcome_reason_check
          CHECK (reason IN ('first', 'redrive', 'replay', 'backfill'))`);
    await queryRunner.query(
      `CREATE INDEX handler_outcome_order_idx ON ${outcome} (handler, order_key)
       WHERE order_key IS NOT NULL AND status IN ('pending', 'failing')`,
    );

    await queryRunner.query(`
      CREATE TABLE ${schema}.listener_pause (
        listener text NOT NULL,
        reason text,
        paused_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT listener_pause_pkey PRIMARY KEY (listener)
      )`);

    await queryRunner.query(`
      CREATE TABLE ${schema}.replay (
        id uuid NOT NULL,
        kind text NOT NULL,
        state text NOT NULL,
        endpoint text NOT NULL,
        listener text,
        type text,
        status text,
        since timestamptz,
        until timestamptz,
        rate_per_second integer NOT NULL,
        last_event_id bigint NOT NULL,
        position bigint NOT NULL DEFAULT 0,
        matched bigint NOT NULL,
        scheduled bigint NOT NULL DEFAULT 0,
        error text,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT replay_pkey PRIMARY KEY (id),
        CONSTRAINT replay_kind_check CHECK (kind IN ('replay', 'backfill', 'redrive')),
        CONSTRAINT replay_state_check CHECK (state IN ('running', 'paused', 'done', 'cancelled'))
      )`);
    await queryRunner.query(`CREATE INDEX replay_created_at_idx ON ${schema}.replay (created_at, id)`);

    await queryRunner.query(`ALTER TABLE ${schema}.inbox_event ALTER COLUMN body DROP NOT NULL`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    const schema = schemaOf(queryRunner);
    const outcome = `${schema}.handler_outcome`;
    await queryRunner.query(`UPDATE ${schema}.inbox_event SET body = '' WHERE body IS NULL`);
    await queryRunner.query(`ALTER TABLE ${schema}.inbox_event ALTER COLUMN body SET NOT NULL`);
    await queryRunner.query(`DROP TABLE ${schema}.replay`);
    await queryRunner.query(`DROP TABLE ${schema}.listener_pause`);
    await queryRunner.query(`DROP INDEX ${schema}.handler_outcome_order_idx`);
    await queryRunner.query(`DELETE FROM ${outcome} WHERE status IN ('pending', 'discarded')
      OR NOT EXISTS (SELECT 1 FROM ${schema}.inbox_event e WHERE e.id = event_id)`);
    await queryRunner.query(`
      ALTER TABLE ${outcome}
        DROP CONSTRAINT handler_outcome_reason_check,
        DROP CONSTRAINT handler_outcome_status_check,
        ADD CONSTRAINT handler_outcome_status_check CHECK (status IN ('done', 'failing', 'dead')),
        DROP COLUMN delivery,
        DROP COLUMN reason,
        DROP COLUMN replay_id,
        DROP COLUMN next_attempt_at,
        DROP COLUMN order_key,
        DROP COLUMN discard_reason,
        ADD COLUMN job_id uuid,
        ADD CONSTRAINT handler_outcome_event_id_fkey
          FOREIGN KEY (event_id) REFERENCES ${schema}.inbox_event (id) ON DELETE CASCADE`);
  }
}
