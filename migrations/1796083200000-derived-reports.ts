import type { MigrationInterface, QueryRunner } from 'typeorm';
import { schemaOf } from './postack-schema.js';
import { ENTRIES, fromHistograms, toHistograms } from './report-histograms.js';

/**
 * Figures that are computed from the messages instead of added up. What has been added up so far stays until it is
 * computed for the first time: when a message in the same hour changes, or by a rebuild.
 */
export class PostackDerivedReports1796083200000 implements MigrationInterface {
  readonly name = 'PostackDerivedReports1796083200000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const schema = schemaOf(queryRunner);
    for (const statement of [...dropViews(schema), ...up(schema), ...views(schema)]) {
      await queryRunner.query(statement);
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    const schema = schemaOf(queryRunner);
    await queryRunner.query(`DROP VIEW ${schema}.report_message`);
    for (const statement of [...dropViews(schema), ...down(schema), ...formerViews(schema)]) {
      await queryRunner.query(statement);
    }
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

const sums = (columns: readonly string[]) =>
  columns.map((column) => `sum("${column}") AS "${column}"`).join(', ');

/** A rollup without its slots: the rows that differ only in the slot become one. */
function withoutSlots(table: string, key: readonly string[], counts: readonly string[]): string[] {
  const keys = key.map((column) => `"${column}"`).join(', ');
  const isNotZero = counts.map((column) => `sum("${column}") <> 0`).join(' OR ');
  return [
    `CREATE TEMPORARY TABLE merged ON COMMIT DROP AS
       SELECT ${keys}, ${sums(counts)} FROM ${table} GROUP BY ${keys} HAVING ${isNotZero}`,
    `TRUNCATE ${table}`,
    `ALTER TABLE ${table} DROP COLUMN slot CASCADE`,
    `INSERT INTO ${table} (${keys}, ${counts.map((column) => `"${column}"`).join(', ')}) SELECT * FROM merged`,
    `DROP TABLE merged`,
  ];
}

function up(schema: string): string[] {
  const count = `${schema}.report_count`;
  const duration = `${schema}.report_duration`;
  const event = `${schema}.report_event`;
  return [
    `ALTER TABLE ${schema}.message
       DROP COLUMN is_counted,
       ADD COLUMN own_number_key text,
       ADD COLUMN country text,
       ADD COLUMN conversation bigint,
       ADD COLUMN peer_prefix text,
       ADD COLUMN delivered_after_ms double precision`,
    `CREATE INDEX message_conversation_idx ON ${schema}.message (conversation, direction, first_event_at)
       WHERE conversation IS NOT NULL`,
    `CREATE INDEX message_unfilled_idx ON ${schema}.message (first_event_at) WHERE own_number_key IS NULL`,
    `DROP TABLE ${schema}.conversation_entry`,

    ...withoutSlots(count, ['dimension', 'bucket', 'value'], COUNTS),
    `ALTER TABLE ${count}
       ADD CONSTRAINT report_count_pkey PRIMARY KEY (dimension, bucket, value),
       ADD COLUMN cost numeric NOT NULL DEFAULT 0,
       ADD COLUMN unpriced_segments integer NOT NULL DEFAULT 0`,
    ...toHistograms(duration),
    ...withoutSlots(event, ['bucket'], REQUESTS),
    `ALTER TABLE ${event} ADD CONSTRAINT report_event_pkey PRIMARY KEY (bucket)`,

    `CREATE TABLE ${schema}.report_mark (
       id bigint GENERATED ALWAYS AS IDENTITY,
       kind text NOT NULL,
       at timestamptz NOT NULL,
       conversation bigint,
       CONSTRAINT report_mark_pkey PRIMARY KEY (id), CONSTRAINT report_mark_kind_check CHECK (kind IN ('event', 'message', 'inbound', 'outbound'))
     )`,
    `CREATE TABLE ${schema}.report_window (
       source text NOT NULL,
       start timestamptz NOT NULL,
       seconds integer NOT NULL,
       stale text,
       CONSTRAINT report_window_pkey PRIMARY KEY (source, start),
       CONSTRAINT report_window_source_check CHECK (source IN ('messages', 'events')),
       CONSTRAINT report_window_stale_check CHECK (stale IN ('changed', 'rebuild'))
     )`,
    `CREATE INDEX report_window_stale_idx ON ${schema}.report_window (stale, start) WHERE stale IS NOT NULL`,
    `CREATE TABLE ${schema}.report_state (
       id smallint NOT NULL DEFAULT 1,
       complete_to timestamptz NOT NULL DEFAULT now(),
       quarantined_to timestamptz NOT NULL DEFAULT now(),
       rebuild_at timestamptz NOT NULL DEFAULT now(),
       CONSTRAINT report_state_pkey PRIMARY KEY (id), CONSTRAINT report_state_id_check CHECK (id = 1)
     )`,
    `INSERT INTO ${schema}.report_state DEFAULT VALUES`,
  ];
}

function down(schema: string): string[] {
  const withSlot = (table: string, key: string) => [
    `ALTER TABLE ${schema}.report_${table} DROP CONSTRAINT report_${table}_pkey, ADD COLUMN slot smallint NOT NULL DEFAULT 0`,
    `ALTER TABLE ${schema}.report_${table} ALTER COLUMN slot DROP DEFAULT`,
    `ALTER TABLE ${schema}.report_${table} ADD CONSTRAINT report_${table}_pkey PRIMARY KEY (${key}, slot)`,
  ];
  return [
    `DROP TABLE ${schema}.report_mark, ${schema}.report_window, ${schema}.report_state`,
    `ALTER TABLE ${schema}.report_count DROP COLUMN cost, DROP COLUMN unpriced_segments`,
    ...withSlot('count', 'dimension, bucket, value'),
    ...fromHistograms(`${schema}.report_duration`),
    ...withSlot('event', 'bucket'),
    `CREATE TABLE ${schema}.conversation_entry (
       conversation bigint NOT NULL,
       at timestamptz NOT NULL,
       message_id text NOT NULL,
       is_inbound boolean NOT NULL,
       CONSTRAINT conversation_entry_pkey PRIMARY KEY (conversation, at, message_id, is_inbound)
     )`,
    `INSERT INTO ${schema}.conversation_entry
       SELECT conversation, first_event_at, id, direction = 'inbound' FROM ${schema}.message WHERE conversation IS NOT NULL`,
    `CREATE INDEX conversation_entry_at_idx ON ${schema}.conversation_entry (at)`,
    `DROP INDEX ${schema}.message_conversation_idx, ${schema}.message_unfilled_idx`,
    `ALTER TABLE ${schema}.message
       ADD COLUMN is_counted boolean NOT NULL DEFAULT true,
       DROP COLUMN own_number_key, DROP COLUMN country, DROP COLUMN conversation, DROP COLUMN peer_prefix,
       DROP COLUMN delivered_after_ms`,
    `ALTER TABLE ${schema}.message ALTER COLUMN is_counted SET DEFAULT false`,
  ];
}

function dropViews(schema: string): string[] {
  return ['messages', 'failures', 'durations', 'events'].map(
    (view) => `DROP VIEW ${schema}.report_hourly_${view}`,
  );
}

function views(schema: string): string[] {
  return [
    messagesView(schema, `, ${sums(['cost', 'unpriced_segments'])}`),
    failuresView(schema),
    durationsView(schema, `date_trunc('hour', bucket, 'UTC') AS hour`, `d, ${ENTRIES}`, ''),
    eventsView(schema),
    messageView(schema),
  ];
}

function formerViews(schema: string): string[] {
  return [
    messagesView(schema, ''),
    failuresView(schema),
    durationsView(schema, 'hour', '', 'HAVING sum(count) > 0'),
    eventsView(schema),
  ];
}

function messagesView(schema: string, more: string): string {
  return `CREATE VIEW ${schema}.report_hourly_messages AS
     SELECT date_trunc('hour', bucket, 'UTC') AS hour, dimension, value,
       sum(${OUTBOUND.map((column) => `"${column}"`).join(' + ')}) AS outbound, ${sums(COUNTS)}${more}
     FROM ${schema}.report_count GROUP BY 1, 2, 3`;
}

function durationsView(schema: string, hour: string, entries: string, having: string): string {
  return `CREATE VIEW ${schema}.report_hourly_durations AS
     SELECT ${hour}, duration, dimension, value, bin,
       CASE bin WHEN 0 THEN 1 ELSE 2 * 1.1 ^ bin / 2.1 END::double precision AS duration_ms, sum(count) AS count
     FROM ${schema}.report_duration ${entries} GROUP BY 1, 2, 3, 4, 5 ${having}`;
}

function eventsView(schema: string): string {
  return `CREATE VIEW ${schema}.report_hourly_events AS
     SELECT date_trunc('hour', bucket, 'UTC') AS hour, ${sums(REQUESTS)}
     FROM ${schema}.report_event GROUP BY 1`;
}

function failuresView(schema: string): string {
  return `CREATE VIEW ${schema}.report_hourly_failures AS
    SELECT hour, error_code,
      coalesce((SELECT cause_class FROM ${schema}.message_failure WHERE code = error_code ORDER BY failed_at DESC LIMIT 1),
        'unknown') AS cause,
      sum(failed) AS failed, sum(undelivered) AS undelivered, sum(rejected) AS rejected
    FROM (
      SELECT date_trunc('hour', bucket, 'UTC') AS hour, value AS error_code, failed, undelivered, 0 AS rejected
      FROM ${schema}.report_count WHERE dimension = 'errorCode'
      UNION ALL
      SELECT date_trunc('hour', failed_at, 'UTC'), coalesce(code, 'unknown'), 0, 0, 1
      FROM ${schema}.message_failure WHERE source = 'rejection'
    ) AS failures
    GROUP BY 1, 2 HAVING sum(failed + undelivered + rejected) > 0`;
}

/** The messages, without numbers and texts, for grouping by anything. What is not selected is not looked up. */
function messageView(schema: string): string {
  const hasEarlier = (direction: string) => `EXISTS (
      SELECT FROM ${schema}.message e WHERE e.conversation = m.conversation AND e.direction = '${direction}'
        AND e.first_event_at > m.first_event_at - interval '24 hours' AND e.first_event_at <= m.first_event_at
        AND (e.first_event_at < m.first_event_at OR e.id COLLATE "C" < m.id COLLATE "C"))`;
  return `CREATE VIEW ${schema}.report_message AS
    SELECT id, first_event_at, direction, state, own_number_key AS own_number, country, segments,
      CASE WHEN state IN ('failed', 'undelivered') THEN coalesce(error_code, 'unknown') END AS error_code,
      delivered_after_ms,
      conversation IS NOT NULL AND NOT ${hasEarlier('inbound')} AND NOT ${hasEarlier('outbound')} AS opens_conversation,
      CASE WHEN direction = 'inbound' THEN (
        SELECT (extract(epoch FROM r.first_event_at - m.first_event_at) * 1000)::double precision FROM ${schema}.message r
        WHERE r.conversation = m.conversation AND r.direction = 'outbound' AND r.first_event_at >= m.first_event_at
          AND r.first_event_at <= m.first_event_at + interval '24 hours'
          AND (r.first_event_at > m.first_event_at OR m.id COLLATE "C" < r.id COLLATE "C")
        ORDER BY r.first_event_at LIMIT 1) END AS replied_after_ms
    FROM ${schema}.message m`;
}
