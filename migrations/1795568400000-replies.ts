import type { MigrationInterface, QueryRunner } from 'typeorm';
import { schemaOf } from './postack-schema.js';

/** The outbox and its request rate, reply rules, opt-outs with their evidence, and own numbers. */
export class PostackReplies1795568400000 implements MigrationInterface {
  readonly name = 'PostackReplies1795568400000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const schema = schemaOf(queryRunner);
    for (const statement of [
      ...outbox(`${schema}.outbox_message`),
      ...replyRules(`${schema}.reply_rule`),
      ...optOuts(schema),
      `CREATE TABLE ${schema}.request_rate (
        key character varying(255) NOT NULL,
        points integer NOT NULL DEFAULT 0,
        expire bigint,
        CONSTRAINT request_rate_pkey PRIMARY KEY (key)
      )`,
    ]) {
      await queryRunner.query(statement);
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    const schema = schemaOf(queryRunner);
    for (const table of [
      'request_rate',
      'own_number',
      'opt_out',
      'opt_out_evidence',
      'reply_rule',
      'outbox_message',
    ]) {
      await queryRunner.query(`DROP TABLE ${schema}.${table}`);
    }
  }
}

function outbox(table: string): string[] {
  return [
    `CREATE TABLE ${table} (
      id uuid NOT NULL,
      idempotency_key text NOT NULL,
      category text NOT NULL,
      from_number text NOT NULL,
      to_number text NOT NULL,
      text text NOT NULL,
      encoding text NOT NULL,
      segments integer NOT NULL,
      in_reply_to text,
      time_zone text,
      status text NOT NULL,
      held_reason text,
      held_detail text,
      released_at timestamptz,
      decision_reason text,
      attempts integer NOT NULL DEFAULT 0,
      last_failure jsonb,
      message_id text,
      not_before timestamptz,
      created_at timestamptz NOT NULL,
      sending_since timestamptz,
      accepted_at timestamptz,
      updated_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT outbox_message_pkey PRIMARY KEY (id),
      CONSTRAINT outbox_message_category_check
        CHECK (category IN ('reply', 'confirmation', 'notification', 'solicitation')),
      CONSTRAINT outbox_message_status_check
        CHECK (status IN ('queued', 'sending', 'accepted', 'held', 'rejected', 'cancelled'))
    )`,
    `CREATE UNIQUE INDEX outbox_message_idempotency_key_key ON ${table} (idempotency_key)`,
    `CREATE UNIQUE INDEX outbox_message_message_id_key ON ${table} (message_id)`,
    `CREATE INDEX outbox_message_created_at_idx ON ${table} (created_at, id)`,
    `CREATE INDEX outbox_message_peer_idx ON ${table} (to_number, sending_since)`,
    `CREATE INDEX outbox_message_unsettled_idx ON ${table} (status, created_at)
     WHERE status IN ('queued', 'sending', 'held')`,
  ];
}

function replyRules(table: string): string[] {
  return [
    `CREATE TABLE ${table} (
      id uuid NOT NULL,
      name text NOT NULL,
      enabled boolean NOT NULL DEFAULT true,
      priority integer NOT NULL DEFAULT 0,
      own_number text,
      kind text NOT NULL,
      pattern text,
      active_hours jsonb,
      template text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT reply_rule_pkey PRIMARY KEY (id),
      CONSTRAINT reply_rule_kind_check CHECK (kind IN ('keyword', 'prefix', 'regex', 'default')),
      CONSTRAINT reply_rule_pattern_check CHECK ((kind = 'default') = (pattern IS NULL))
    )`,
    `CREATE UNIQUE INDEX reply_rule_name_key ON ${table} (name)`,
  ];
}

function optOuts(schema: string): string[] {
  const evidence = `${schema}.opt_out_evidence`;
  const current = `${schema}.opt_out`;
  return [
    `CREATE TABLE ${evidence} (
      id bigint GENERATED ALWAYS AS IDENTITY,
      peer text NOT NULL,
      own_number text,
      action text NOT NULL,
      source text NOT NULL,
      keyword text,
      endpoint text,
      event_id text,
      reason text,
      occurred_at timestamptz NOT NULL,
      recorded_at timestamptz NOT NULL DEFAULT now(),
      changed boolean NOT NULL,
      resolved_at timestamptz,
      CONSTRAINT opt_out_evidence_pkey PRIMARY KEY (id),
      CONSTRAINT opt_out_evidence_action_check CHECK (action IN ('opt-out', 'opt-in', 'review', 'dismiss')),
      CONSTRAINT opt_out_evidence_source_check CHECK (source IN ('message', 'admin', 'import')),
      CONSTRAINT opt_out_evidence_reason_check CHECK (source <> 'admin' OR reason IS NOT NULL)
    )`,
    `CREATE UNIQUE INDEX opt_out_evidence_event_key ON ${evidence} (endpoint, event_id, action)`,
    `CREATE INDEX opt_out_evidence_peer_idx ON ${evidence} (peer, id)`,
    `CREATE INDEX opt_out_evidence_open_review_idx ON ${evidence} (peer)
     WHERE action = 'review' AND resolved_at IS NULL`,
    `CREATE TABLE ${current} (
      peer text NOT NULL,
      own_number text NOT NULL,
      opted_out boolean NOT NULL,
      since timestamptz NOT NULL,
      source text NOT NULL,
      keyword text,
      event_id text,
      reason text,
      updated_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT opt_out_pkey PRIMARY KEY (peer, own_number),
      CONSTRAINT opt_out_source_check CHECK (source IN ('message', 'admin', 'import'))
    )`,
    `CREATE INDEX opt_out_since_idx ON ${current} (since, peer, own_number)`,
    `CREATE TABLE ${schema}.own_number (
      number text NOT NULL,
      first_seen_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT own_number_pkey PRIMARY KEY (number)
    )`,
  ];
}
