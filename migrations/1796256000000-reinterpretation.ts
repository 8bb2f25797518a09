import type { MigrationInterface, QueryRunner } from 'typeorm';
import { schemaOf } from './postack-schema.js';

/**
 * Stored events can be read again with another mapping, so the one they were read with is kept. Events that nothing could
 * be done with are kept until an operator decides.
 */
export class PostackReinterpretation1796256000000 implements MigrationInterface {
  readonly name = 'PostackReinterpretation1796256000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const schema = schemaOf(queryRunner);
    const run = (statement: string) => queryRunner.query(statement);
    await run(`CREATE TABLE ${schema}.event_mapping (
      id integer GENERATED ALWAYS AS IDENTITY NOT NULL,
      fingerprint text NOT NULL,
      options jsonb NOT NULL,
      first_used_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT event_mapping_pkey PRIMARY KEY (id))`);
    await run(`CREATE UNIQUE INDEX event_mapping_fingerprint_key ON ${schema}.event_mapping (fingerprint)`);
    await run(
      `ALTER TABLE ${schema}.inbox_event ADD COLUMN mapping_id integer, ADD COLUMN discard_reason text`,
    );
    await run(`CREATE INDEX inbox_event_undecided_idx ON ${schema}.inbox_event (status)
      WHERE status IN ('quarantined', 'unhandled') AND discard_reason IS NULL`);
    await run(`ALTER TABLE ${schema}.replay ADD COLUMN changed bigint, ADD COLUMN listeners text[], ADD COLUMN mapping_id integer,
      ADD COLUMN answer_old boolean NOT NULL DEFAULT false,
      DROP CONSTRAINT replay_kind_check,
      ADD CONSTRAINT replay_kind_check CHECK (kind IN ('replay', 'backfill', 'redrive', 'reinterpret'))`);
    await run(`ALTER TABLE ${schema}.delivery DROP CONSTRAINT delivery_reason_check,
      ADD CONSTRAINT delivery_reason_check
        CHECK (reason IN ('initial', 'redrive', 'replay', 'backfill', 'reinterpret'))`);
    await run(`ALTER TABLE ${schema}.subscription ADD COLUMN reinterprets boolean NOT NULL DEFAULT false`);
    await run(`ALTER TABLE ${schema}.alert DROP CONSTRAINT alert_kind_check,
      ADD CONSTRAINT alert_kind_check CHECK (kind IN ('silence', 'no-receipts', 'failure', 'unrecognized-events'))`);
    await run(`ALTER TABLE ${schema}.message ADD COLUMN reports jsonb`);
    await run(`ALTER TABLE ${schema}.opt_out ADD COLUMN received_at timestamptz`);
    await run(`ALTER TABLE ${schema}.opt_out_evidence ADD COLUMN received_at timestamptz`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    const schema = schemaOf(queryRunner);
    const run = (statement: string) => queryRunner.query(statement);
    await run(`ALTER TABLE ${schema}.opt_out_evidence DROP COLUMN received_at`);
    await run(`ALTER TABLE ${schema}.opt_out DROP COLUMN received_at`);
    await run(`ALTER TABLE ${schema}.message DROP COLUMN reports`);
    await run(`DELETE FROM ${schema}.alert WHERE kind = 'unrecognized-events'`);
    await run(`ALTER TABLE ${schema}.alert DROP CONSTRAINT alert_kind_check,
      ADD CONSTRAINT alert_kind_check CHECK (kind IN ('silence', 'no-receipts', 'failure'))`);
    await run(`ALTER TABLE ${schema}.subscription DROP COLUMN reinterprets`);
    await run(`UPDATE ${schema}.delivery SET reason = 'replay' WHERE reason = 'reinterpret'`);
    await run(`ALTER TABLE ${schema}.delivery DROP CONSTRAINT delivery_reason_check,
      ADD CONSTRAINT delivery_reason_check CHECK (reason IN ('initial', 'redrive', 'replay', 'backfill'))`);
    await run(`DELETE FROM ${schema}.replay WHERE kind = 'reinterpret'`);
    await run(`ALTER TABLE ${schema}.replay DROP COLUMN answer_old, DROP COLUMN mapping_id, DROP COLUMN listeners, DROP COLUMN changed,
      DROP CONSTRAINT replay_kind_check,
      ADD CONSTRAINT replay_kind_check CHECK (kind IN ('replay', 'backfill', 'redrive'))`);
    await run(`DROP INDEX ${schema}.inbox_event_undecided_idx`);
    await run(`ALTER TABLE ${schema}.inbox_event DROP COLUMN discard_reason, DROP COLUMN mapping_id`);
    await run(`DROP TABLE ${schema}.event_mapping`);
  }
}
