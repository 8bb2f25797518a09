import type { MigrationInterface, QueryRunner } from 'typeorm';
import { schemaOf } from './postack-schema.js';

/** Rollups of messages and events, the tables that they are computed from, and views for other tools. */
export class PostackReports1795741200000 implements MigrationInterface {
  readonly name = 'PostackReports1795741200000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const schema = schemaOf(queryRunner);
    for (const statement of [...tables(schema), ...indexes(schema), ...views(schema)]) {
      await queryRunner.query(statement);
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    const schema = schemaOf(queryRunner);
    for (const view of ['messages', 'failures', 'durations', 'events', 'opt_outs']) {
      await queryRunner.query(`DROP VIEW ${schema}.report_hourly_${view}`);
    }
    for (const index of [
      'opt_out_evidence_opt_out_idx',
      'inbox_event_quarantined_idx',
      'message_first_event_at_idx',
    ]) {
      await queryRunner.query(`DROP INDEX ${schema}.${index}`);
    }
    for (const table of ['own_number', 'event', 'duration', 'count']) {
      await queryRunner.query(`DROP TABLE ${schema}.report_${table}`);
    }
    await queryRunner.query(`DROP TABLE ${schema}.conversation_entry`);
    await queryRunner.query(`ALTER TABLE ${schema}.message DROP COLUMN is_counted`);
  }
}

const OUTBOUND = [
  'accepted',
  'queued',
  'sending',
  'sent',
  'expired',
  'failed',
  'undelivered',
  'delivered',
  'read',
];

const COUNTS = ['received', ...OUTBOUND, 'segments_received', 'segments_sent', 'conversations', 'replied'];

const REQUESTS = ['accepted', 'quarantined', 'duplicates', 'rejected', 'unavailable'];

function tables(schema: string): string[] {
  return [
    `ALTER TABLE ${schema}.message ADD COLUMN is_counted boolean NOT NULL DEFAULT false`,
    `CREATE TABLE ${schema}.conversation_entry (
      conversation bigint NOT NULL,
      at timestamptz NOT NULL,
      message_id text NOT NULL,
      is_inbound boolean NOT NULL,
      CONSTRAINT conversation_entry_pkey PRIMARY KEY (conversation, at, message_id, is_inbound)
    )`,
    `CREATE TABLE ${schema}.report_count (
      dimension text NOT NULL,
      bucket timestamptz NOT NULL,
      value text NOT NULL,
      slot smallint NOT NULL,
      ${COUNTS.map((column) => `"${column}" integer NOT NULL`).join(',\n      ')},
      CONSTRAINT report_count_pkey PRIMARY KEY (dimension, bucket, value, slot)
    )`,
    `CREATE TABLE ${schema}.report_duration (
      duration text NOT NULL,
      dimension text NOT NULL,
      hour timestamptz NOT NULL,
      value text NOT NULL,
      bin smallint NOT NULL,
      slot smallint NOT NULL,
      count integer NOT NULL,
      CONSTRAINT report_duration_pkey PRIMARY KEY (duration, dimension, hour, value, bin, slot)
    )`,
    `CREATE TABLE ${schema}.report_event (
      bucket timestamptz NOT NULL,
      slot smallint NOT NULL,
      ${REQUESTS.map((column) => `${column} integer NOT NULL DEFAULT 0`).join(',\n      ')},
      CONSTRAINT report_event_pkey PRIMARY KEY (bucket, slot)
    )`,
    `CREATE TABLE ${schema}.report_own_number (
      key text NOT NULL,
      number text NOT NULL,
      CONSTRAINT report_own_number_pkey PRIMARY KEY (key)
    )`,
  ];
}

function indexes(schema: string): string[] {
  return [
    `CREATE INDEX conversation_entry_at_idx ON ${schema}.conversation_entry (at)`,
    `CREATE INDEX message_first_event_at_idx ON ${schema}.message (first_event_at, id)`,
    `CREATE INDEX inbox_event_quarantined_idx ON ${schema}.inbox_event (received_at) WHERE status = 'quarantined'`,
    `CREATE INDEX opt_out_evidence_opt_out_idx ON ${schema}.opt_out_evidence (occurred_at, peer)
     WHERE action = 'opt-out' AND source <> 'import'`,
  ];
}

function views(schema: string): string[] {
  const sums = (columns: string[]) => columns.map((column) => `sum("${column}") AS "${column}"`).join(', ');
  return [
    `CREATE VIEW ${schema}.report_hourly_messages AS
     SELECT date_trunc('hour', bucket, 'UTC') AS hour, dimension, value,
       sum(${OUTBOUND.map((column) => `"${column}"`).join(' + ')}) AS outbound, ${sums(COUNTS)}
     FROM ${schema}.report_count GROUP BY 1, 2, 3`,
    // The latest recorded cause of a code: a change of the catalogue changes it.
    `CREATE VIEW ${schema}.report_hourly_failures AS
     SELECT hour, error_code,
       coalesce((SELECT cause_class FROM ${schema}.failure WHERE code = error_code ORDER BY failed_at DESC LIMIT 1),
         'unknown') AS cause,
       sum(failed) AS failed, sum(undelivered) AS undelivered, sum(rejected) AS rejected
     FROM (
       SELECT date_trunc('hour', bucket, 'UTC') AS hour, value AS error_code, failed, undelivered, 0 AS rejected
       FROM ${schema}.report_count WHERE dimension = 'errorCode'
       UNION ALL
       SELECT date_trunc('hour', failed_at, 'UTC'), coalesce(code, 'unknown'), 0, 0, 1
       FROM ${schema}.failure WHERE source = 'rejection'
     ) AS failures
     GROUP BY 1, 2 HAVING sum(failed + undelivered + rejected) > 0`,
    `CREATE VIEW ${schema}.report_hourly_durations AS
     SELECT hour, duration, dimension, value, bin,
       CASE bin WHEN 0 THEN 1 ELSE 2 * 1.1 ^ bin / 2.1 END::double precision AS duration_ms, sum(count) AS count
     FROM ${schema}.report_duration GROUP BY 1, 2, 3, 4, 5 HAVING sum(count) > 0`,
    `CREATE VIEW ${schema}.report_hourly_events AS
     SELECT date_trunc('hour', bucket, 'UTC') AS hour, ${sums(REQUESTS)}
     FROM ${schema}.report_event GROUP BY 1`,
    `CREATE VIEW ${schema}.report_hourly_opt_outs AS
     SELECT date_trunc('hour', occurred_at, 'UTC') AS hour, count(DISTINCT peer) AS opt_outs
     FROM ${schema}.opt_out_evidence WHERE action = 'opt-out' AND source <> 'import' GROUP BY 1`,
  ];
}
