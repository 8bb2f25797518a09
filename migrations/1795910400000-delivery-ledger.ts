import type { MigrationInterface, QueryRunner } from 'typeorm';
import { schemaOf } from './postack-schema.js';

/**
 * One row for each delivery instead of a job and an outcome. Deliveries that were only jobs so far get their row; the old
 * queues of pg-boss are no longer read, and are removed at the next start.
 */
export class PostackDeliveryLedger1795910400000 implements MigrationInterface {
  readonly name = 'PostackDeliveryLedger1795910400000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of up(schemaOf(queryRunner))) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const statement of down(schemaOf(queryRunner))) await queryRunner.query(statement);
  }
}

const OPEN = `('pending', 'running', 'retrying')`;

function up(schema: string): string[] {
  const delivery = `${schema}.delivery`;
  const inbox = `${schema}.inbox_event`;
  return [
    `ALTER TABLE ${schema}.handler_outcome RENAME TO delivery`,
    `ALTER TABLE ${delivery} RENAME CONSTRAINT handler_outcome_pkey TO delivery_pkey`,
    `ALTER TABLE ${delivery} RENAME CONSTRAINT handler_outcome_reason_check TO delivery_reason_check`,
    `ALTER TABLE ${delivery} RENAME COLUMN delivery TO generation`,
    `ALTER TABLE ${delivery} RENAME COLUMN next_attempt_at TO run_at`,
    `DROP INDEX ${schema}.handler_outcome_order_idx, ${schema}.handler_outcome_unsettled_idx`,
    `ALTER TABLE ${delivery}
       DROP CONSTRAINT handler_outcome_status_check,
       ADD CONSTRAINT delivery_status_check
         CHECK (status IN ('pending', 'running', 'retrying', 'done', 'dead', 'discarded')),
       ADD COLUMN worker uuid,
       ADD COLUMN interruptions integer NOT NULL DEFAULT 0,
       ADD COLUMN crashes integer NOT NULL DEFAULT 0,
       ADD COLUMN suspicion smallint NOT NULL DEFAULT 0,
       ADD COLUMN occurred_at timestamptz`,
    // Of the initial delivery to an unordered listener there was only a job.
    `INSERT INTO ${delivery} (event_id, handler, status, attempts, run_at)
     SELECT e.id, subscribed.listener, 'pending', 0, now()
     FROM ${inbox} e CROSS JOIN LATERAL unnest(e.listeners) AS subscribed (listener)
     WHERE e.status = 'dispatched' AND e.body IS NOT NULL
     ON CONFLICT (event_id, handler) DO NOTHING`,
    `UPDATE ${delivery} d SET
       run_at = coalesce(d.run_at, now()),
       occurred_at = CASE WHEN d.order_key IS NOT NULL THEN e.occurred_at END
     FROM ${inbox} e WHERE e.id = d.event_id AND d.status IN ('pending', 'retrying')`,
    `CREATE INDEX delivery_due_idx ON ${delivery} (handler, run_at, event_id)
       WHERE status IN ('pending', 'retrying') AND suspicion = 0 AND reason = 'initial'`,
    `CREATE INDEX delivery_redelivery_due_idx ON ${delivery} (handler, run_at, event_id)
       WHERE status IN ('pending', 'retrying') AND suspicion = 0 AND reason <> 'initial'`,
    `CREATE INDEX delivery_suspect_idx ON ${delivery} (handler, suspicion, crashes, run_at)
       WHERE status IN ('pending', 'retrying') AND suspicion > 0`,
    `CREATE INDEX delivery_running_idx ON ${delivery} (worker, handler) WHERE status = 'running'`,
    `CREATE INDEX delivery_failed_idx ON ${delivery} (status, event_id, handler)
       WHERE status IN ('retrying', 'dead')`,
    `CREATE INDEX delivery_group_idx ON ${delivery} (handler, order_key, occurred_at, event_id)
       WHERE order_key IS NOT NULL AND status IN ${OPEN}`,
    `CREATE UNIQUE INDEX delivery_running_group_key ON ${delivery} (handler, order_key)
       WHERE order_key IS NOT NULL AND status = 'running'`,
    `ALTER TABLE ${inbox} DROP COLUMN listeners`,

    `CREATE TABLE ${schema}.worker (
       id uuid NOT NULL,
       host text NOT NULL,
       pid integer NOT NULL,
       role text NOT NULL,
       version text NOT NULL,
       handlers text[] NOT NULL,
       connections integer NOT NULL DEFAULT 0,
       started_at timestamptz NOT NULL DEFAULT now(),
       heartbeat_at timestamptz NOT NULL DEFAULT now(),
       CONSTRAINT worker_pkey PRIMARY KEY (id)
     )`,
    `CREATE INDEX worker_heartbeat_at_idx ON ${schema}.worker (heartbeat_at)`,
    `CREATE TABLE ${schema}.subscription (
       handler text NOT NULL,
       kind text NOT NULL,
       types text[] NOT NULL,
       ordered text,
       declared_at timestamptz NOT NULL DEFAULT now(),
       CONSTRAINT subscription_pkey PRIMARY KEY (handler),
       CONSTRAINT subscription_kind_check CHECK (kind IN ('listener', 'projection')),
       CONSTRAINT subscription_ordered_check CHECK (ordered IN ('conversation', 'message'))
     )`,
  ];
}

function down(schema: string): string[] {
  const outcome = `${schema}.handler_outcome`;
  const inbox = `${schema}.inbox_event`;
  return [
    `DROP TABLE ${schema}.subscription`,
    `DROP TABLE ${schema}.worker`,
    `DROP INDEX ${schema}.delivery_due_idx, ${schema}.delivery_redelivery_due_idx, ${schema}.delivery_suspect_idx,
       ${schema}.delivery_running_idx, ${schema}.delivery_failed_idx, ${schema}.delivery_group_idx,
       ${schema}.delivery_running_group_key`,
    `ALTER TABLE ${schema}.delivery RENAME TO handler_outcome`,
    `ALTER TABLE ${outcome} RENAME CONSTRAINT delivery_pkey TO handler_outcome_pkey`,
    `ALTER TABLE ${outcome} RENAME CONSTRAINT delivery_reason_check TO handler_outcome_reason_check`,
    `ALTER TABLE ${outcome} RENAME COLUMN generation TO delivery`,
    `ALTER TABLE ${outcome} RENAME COLUMN run_at TO next_attempt_at`,
    `ALTER TABLE ${inbox} ADD COLUMN listeners text[]`,
    `UPDATE ${inbox} e SET listeners = d.listeners
     FROM (SELECT event_id, array_agg(handler ORDER BY handler) AS listeners FROM ${outcome} GROUP BY event_id) d
     WHERE d.event_id = e.id`,
    `ALTER TABLE ${outcome} DROP CONSTRAINT delivery_status_check`,
    `UPDATE ${outcome} SET status = 'pending' WHERE status = 'running'`,
    `UPDATE ${outcome} SET next_attempt_at = NULL WHERE status <> 'retrying'`,
    `ALTER TABLE ${outcome}
       DROP COLUMN worker, DROP COLUMN interruptions, DROP COLUMN crashes, DROP COLUMN suspicion, DROP COLUMN occurred_at,
       ADD CONSTRAINT handler_outcome_status_check
         CHECK (status IN ('pending', 'done', 'retrying', 'dead', 'discarded'))`,
    `CREATE INDEX handler_outcome_unsettled_idx ON ${outcome} (status, event_id) WHERE status <> 'done'`,
    `CREATE INDEX handler_outcome_order_idx ON ${outcome} (handler, order_key)
       WHERE order_key IS NOT NULL AND status IN ('pending', 'retrying')`,
  ];
}
