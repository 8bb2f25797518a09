import type { MigrationInterface, QueryRunner } from 'typeorm';
import { schemaOf } from './postack-schema.js';

/** Message failures, suppressions, alerts with their statistics, and resent messages. */
export class PostackFailures1795654800000 implements MigrationInterface {
  readonly name = 'PostackFailures1795654800000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const schema = schemaOf(queryRunner);
    for (const statement of [
      ...failures(schema),
      ...suppressions(`${schema}.suppression`),
      ...alerts(schema),
      `ALTER TABLE ${schema}.outbox_message
        ADD COLUMN resend_of text, ADD COLUMN resend_attempt integer NOT NULL DEFAULT 0`,
      `CREATE INDEX outbox_message_accepted_at_idx ON ${schema}.outbox_message (accepted_at)
       WHERE accepted_at IS NOT NULL`,
      `CREATE INDEX outbox_message_resend_of_idx ON ${schema}.outbox_message (resend_of) WHERE resend_of IS NOT NULL`,
      `CREATE INDEX message_unsettled_idx ON ${schema}.message (last_event_at)
       WHERE state IN ('accepted', 'queued', 'sending', 'sent')`,
    ]) {
      await queryRunner.query(statement);
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    const schema = schemaOf(queryRunner);
    await queryRunner.query(`DROP INDEX ${schema}.message_unsettled_idx`);
    await queryRunner.query(`DROP INDEX ${schema}.outbox_message_accepted_at_idx`);
    await queryRunner.query(
      `ALTER TABLE ${schema}.outbox_message DROP COLUMN resend_of, DROP COLUMN resend_attempt`,
    );
    for (const table of ['event_hour', 'silence_watch', 'alert', 'suppression', 'receipt_sweep', 'failure']) {
      await queryRunner.query(`DROP TABLE ${schema}.${table}`);
    }
  }
}

function failures(schema: string): string[] {
  return [
    `CREATE TABLE ${schema}.failure (
      message_id text NOT NULL,
      state text NOT NULL,
      source text NOT NULL,
      code text,
      cause_class text NOT NULL,
      from_number text,
      to_number text,
      failed_at timestamptz NOT NULL,
      event_id text,
      reactions text[],
      reacted_at timestamptz,
      resend_refusal text,
      acknowledged_at timestamptz,
      acknowledged_reason text,
      CONSTRAINT failure_pkey PRIMARY KEY (message_id),
      CONSTRAINT failure_state_check CHECK (state IN ('rejected', 'failed', 'undelivered')),
      CONSTRAINT failure_source_check CHECK (source IN ('event', 'lookup', 'rejection'))
    )`,
    `CREATE INDEX failure_failed_at_idx ON ${schema}.failure (failed_at, message_id)`,
    `CREATE INDEX failure_number_idx ON ${schema}.failure (to_number, failed_at)`,
    `CREATE INDEX failure_cause_idx ON ${schema}.failure (cause_class, failed_at, message_id)`,
    `CREATE INDEX failure_unacknowledged_idx ON ${schema}.failure (failed_at, message_id)
     WHERE acknowledged_at IS NULL`,
    `CREATE INDEX failure_code_idx ON ${schema}.failure (code, failed_at)`,
    `CREATE INDEX failure_rejection_idx ON ${schema}.failure (failed_at) WHERE source = 'rejection'`,
    `CREATE TABLE ${schema}.receipt_sweep (
      id smallint NOT NULL,
      accepted_until timestamptz NOT NULL,
      unanswered_since timestamptz,
      asked integer NOT NULL DEFAULT 0,
      repaired integer NOT NULL DEFAULT 0,
      expired integer NOT NULL DEFAULT 0,
      CONSTRAINT receipt_sweep_pkey PRIMARY KEY (id),
      CONSTRAINT receipt_sweep_id_check CHECK (id = 1)
    )`,
  ];
}

function suppressions(table: string): string[] {
  return [
    `CREATE TABLE ${table} (
      number text NOT NULL,
      since timestamptz NOT NULL,
      expires_at timestamptz,
      source text NOT NULL,
      code text,
      message_id text,
      event_id text,
      reason text,
      removed_at timestamptz,
      removed_reason text,
      CONSTRAINT suppression_pkey PRIMARY KEY (number),
      CONSTRAINT suppression_source_check CHECK (source IN ('failure', 'admin', 'import'))
    )`,
    `CREATE INDEX suppression_since_idx ON ${table} (since, number)`,
    `CREATE INDEX suppression_message_id_idx ON ${table} (message_id) WHERE source = 'failure' AND removed_at IS NULL`,
  ];
}

function alerts(schema: string): string[] {
  return [
    `CREATE TABLE ${schema}.alert (
      id uuid NOT NULL,
      kind text NOT NULL,
      key text NOT NULL,
      state text NOT NULL,
      summary text NOT NULL,
      details jsonb NOT NULL,
      occurrences integer NOT NULL DEFAULT 1,
      opened_at timestamptz NOT NULL,
      last_seen_at timestamptz NOT NULL,
      resolved_at timestamptz,
      webhook text NOT NULL,
      CONSTRAINT alert_pkey PRIMARY KEY (id),
      CONSTRAINT alert_kind_check CHECK (kind IN ('silence', 'no-receipts', 'failure')),
      CONSTRAINT alert_state_check CHECK (state IN ('open', 'resolved')),
      CONSTRAINT alert_webhook_check CHECK (webhook IN ('off', 'pending', 'delivered', 'failed'))
    )`,
    `CREATE UNIQUE INDEX alert_open_key ON ${schema}.alert (kind, key) WHERE state = 'open'`,
    `CREATE INDEX alert_opened_at_idx ON ${schema}.alert (opened_at, id)`,
    `CREATE TABLE ${schema}.silence_watch (
      id smallint NOT NULL,
      watched_at timestamptz NOT NULL,
      watching_since timestamptz NOT NULL,
      CONSTRAINT silence_watch_pkey PRIMARY KEY (id),
      CONSTRAINT silence_watch_id_check CHECK (id = 1)
    )`,
    `CREATE TABLE ${schema}.event_hour (
      hour timestamptz NOT NULL,
      events integer NOT NULL,
      CONSTRAINT event_hour_pkey PRIMARY KEY (hour)
    )`,
  ];
}
