import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createSchema } from '../src/database/create-schema.js';
import { schemaOf } from './postack-schema.js';

/** Inbox events, handler outcomes and messages. */
export class PostackCreateInbox1795392000000 implements MigrationInterface {
  readonly name = 'PostackCreateInbox1795392000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const schema = schemaOf(queryRunner);
    // "IF NOT EXISTS" would still need the right to create one.
    const [{ exists }] = (await queryRunner.query('SELECT to_regnamespace($1) IS NOT NULL AS exists', [
      schema,
    ])) as [{ exists: boolean }];
    if (!exists) await createSchema(schema, (sql) => queryRunner.query(sql));

    await queryRunner.query(`
      CREATE TABLE ${schema}.inbox_event (
        id bigint GENERATED ALWAYS AS IDENTITY,
        endpoint text NOT NULL,
        svix_id text NOT NULL,
        type text,
        status text NOT NULL,
        occurred_at timestamptz NOT NULL,
        received_at timestamptz NOT NULL DEFAULT now(),
        body bytea NOT NULL,
        secret_fingerprint text NOT NULL,
        clock_skew_ms integer NOT NULL,
        quarantine_reason text,
        dispatched_at timestamptz,
        projections text[],
        listeners text[],
        CONSTRAINT inbox_event_pkey PRIMARY KEY (id),
        CONSTRAINT inbox_event_endpoint_svix_id_key UNIQUE (endpoint, svix_id),
        CONSTRAINT inbox_event_status_check
          CHECK (status IN ('pending', 'dispatched', 'unhandled', 'quarantined'))
      )`);
    await queryRunner.query(
      `CREATE INDEX inbox_event_pending_idx ON ${schema}.inbox_event (id) WHERE status = 'pending'`,
    );
    await queryRunner.query(
      `CREATE INDEX inbox_event_received_at_idx ON ${schema}.inbox_event (received_at, id)`,
    );

    await queryRunner.query(`
      CREATE TABLE ${schema}.handler_outcome (
        event_id bigint NOT NULL,
        handler text NOT NULL,
        status text NOT NULL,
        attempts integer NOT NULL,
        first_failure jsonb,
        last_failure jsonb,
        job_id uuid,
        updated_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT handler_outcome_pkey PRIMARY KEY (event_id, handler),
        CONSTRAINT handler_outcome_event_id_fkey
          FOREIGN KEY (event_id) REFERENCES ${schema}.inbox_event (id) ON DELETE CASCADE,
        CONSTRAINT handler_outcome_status_check CHECK (status IN ('done', 'failing', 'dead'))
      )`);
    await queryRunner.query(
      `CREATE INDEX handler_outcome_unsettled_idx ON ${schema}.handler_outcome (status, event_id)
       WHERE status <> 'done'`,
    );

    await queryRunner.query(`
      CREATE TABLE ${schema}.message (
        id text NOT NULL,
        direction text NOT NULL,
        state text NOT NULL,
        state_at timestamptz NOT NULL,
        error_code text,
        conflict boolean NOT NULL,
        from_number text,
        to_number text,
        text text,
        segments integer,
        history jsonb NOT NULL,
        first_event_at timestamptz NOT NULL,
        last_event_at timestamptz NOT NULL,
        CONSTRAINT message_pkey PRIMARY KEY (id),
        CONSTRAINT message_direction_check CHECK (direction IN ('inbound', 'outbound'))
      )`);
    await queryRunner.query(
      `CREATE INDEX message_last_event_at_idx ON ${schema}.message (last_event_at, id)`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    const schema = schemaOf(queryRunner);
    for (const table of ['message', 'handler_outcome', 'inbox_event']) {
      await queryRunner.query(`DROP TABLE ${schema}.${table}`);
    }
  }
}
