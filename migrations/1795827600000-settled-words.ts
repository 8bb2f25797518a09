import type { MigrationInterface, QueryRunner } from 'typeorm';
import { schemaOf } from './postack-schema.js';

/** Renames tables, columns and stored values to the terms that the code, the API and the documentation use. */
export class PostackSettledWords1795827600000 implements MigrationInterface {
  readonly name = 'PostackSettledWords1795827600000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of statements(schemaOf(queryRunner), FORWARD)) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const statement of statements(schemaOf(queryRunner), BACKWARD)) await queryRunner.query(statement);
  }
}

/** From one name or value to another. */
type Rename = readonly [from: string, to: string];

/** The renames in one direction. */
interface Direction {
  tables: readonly Rename[];
  /** Of a table, under the name that it has after the renames. */
  columns: readonly (readonly [table: string, ...Rename])[];
  constraints: readonly (readonly [table: string, ...Rename])[];
  indexes: readonly Rename[];
  retrying: Rename;
  initial: Rename;
  reaction: Rename;
  assumed: Rename;
  payloads: Rename;
  events: Rename;
}

const FORWARD: Direction = {
  tables: [
    ['failure', 'message_failure'],
    ['receipt_sweep', 'delivery_reconciliation'],
  ],
  columns: [
    ['handler_outcome', 'first_failure', 'first_error'],
    ['handler_outcome', 'last_failure', 'last_error'],
    ['outbox_message', 'last_failure', 'last_error'],
    ['delivery_reconciliation', 'repaired', 'reconciled'],
  ],
  constraints: [
    ['message_failure', 'failure_pkey', 'message_failure_pkey'],
    ['message_failure', 'failure_state_check', 'message_failure_state_check'],
    ['message_failure', 'failure_source_check', 'message_failure_source_check'],
    ['delivery_reconciliation', 'receipt_sweep_pkey', 'delivery_reconciliation_pkey'],
    ['delivery_reconciliation', 'receipt_sweep_id_check', 'delivery_reconciliation_id_check'],
  ],
  indexes: ['failed_at', 'number', 'cause', 'unacknowledged', 'code', 'rejection'].map((name): Rename => [
    `failure_${name}_idx`,
    `message_failure_${name}_idx`,
  ]),
  retrying: ['failing', 'retrying'],
  initial: ['first', 'initial'],
  reaction: ['suppress-for-good', 'suppress-permanently'],
  assumed: ['sweep', 'assumed'],
  payloads: ['bodies', 'payloads'],
  events: ['ids', 'events'],
};

const reverse = ([from, to]: Rename): Rename => [to, from];

const BACKWARD: Direction = {
  tables: FORWARD.tables.map(reverse),
  columns: [
    ['handler_outcome', 'first_error', 'first_failure'],
    ['handler_outcome', 'last_error', 'last_failure'],
    ['outbox_message', 'last_error', 'last_failure'],
    ['receipt_sweep', 'reconciled', 'repaired'],
  ],
  constraints: FORWARD.constraints.map(([table, from, to]) => [
    FORWARD.tables.find(([, renamed]) => renamed === table)?.[0] ?? table,
    to,
    from,
  ]),
  indexes: FORWARD.indexes.map(reverse),
  retrying: reverse(FORWARD.retrying),
  initial: reverse(FORWARD.initial),
  reaction: reverse(FORWARD.reaction),
  assumed: reverse(FORWARD.assumed),
  payloads: reverse(FORWARD.payloads),
  events: reverse(FORWARD.events),
};

function statements(schema: string, direction: Direction): string[] {
  const { tables, columns, constraints, indexes, retrying, initial, reaction, assumed, payloads, events } =
    direction;
  const outcome = `${schema}.handler_outcome`;
  const progress = `${schema}.retention_progress`;
  const failure = `${schema}.${direction === FORWARD ? 'message_failure' : 'failure'}`;
  return [
    ...tables.map(([from, to]) => `ALTER TABLE ${schema}.${from} RENAME TO ${to}`),
    ...columns.map(([table, from, to]) => `ALTER TABLE ${schema}.${table} RENAME COLUMN ${from} TO ${to}`),
    ...constraints.map(
      ([table, from, to]) => `ALTER TABLE ${schema}.${table} RENAME CONSTRAINT ${from} TO ${to}`,
    ),
    ...indexes.map(([from, to]) => `ALTER INDEX ${schema}.${from} RENAME TO ${to}`),

    `ALTER TABLE ${outcome} DROP CONSTRAINT handler_outcome_status_check,
       DROP CONSTRAINT handler_outcome_reason_check`,
    `DROP INDEX ${schema}.handler_outcome_order_idx`,
    // One pass over the table: most rows have the reason.
    `UPDATE ${outcome} SET
       status = CASE status WHEN '${retrying[0]}' THEN '${retrying[1]}' ELSE status END,
       reason = CASE reason WHEN '${initial[0]}' THEN '${initial[1]}' ELSE reason END
     WHERE status = '${retrying[0]}' OR reason = '${initial[0]}'`,
    `ALTER TABLE ${outcome} ALTER COLUMN reason SET DEFAULT '${initial[1]}',
       ADD CONSTRAINT handler_outcome_status_check
         CHECK (status IN ('pending', 'done', '${retrying[1]}', 'dead', 'discarded')),
       ADD CONSTRAINT handler_outcome_reason_check
         CHECK (reason IN ('${initial[1]}', 'redrive', 'replay', 'backfill'))`,
    `CREATE INDEX handler_outcome_order_idx ON ${outcome} (handler, order_key)
       WHERE order_key IS NOT NULL AND status IN ('pending', '${retrying[1]}')`,
    `UPDATE ${schema}.replay SET status = '${retrying[1]}' WHERE status = '${retrying[0]}'`,

    `UPDATE ${failure} SET reactions = array_replace(reactions, '${reaction[0]}', '${reaction[1]}')
     WHERE '${reaction[0]}' = ANY (reactions)`,

    // Only of messages that expired without a receipt.
    `UPDATE ${schema}.message SET history = (
       SELECT jsonb_agg(CASE fact ->> 'eventId'
         WHEN '${assumed[0]}' THEN jsonb_set(fact, '{eventId}', '"${assumed[1]}"') ELSE fact END ORDER BY place)
       FROM jsonb_array_elements(history) WITH ORDINALITY AS facts (fact, place))
     WHERE history @> '[{"eventId": "${assumed[0]}"}]'`,

    `ALTER TABLE ${progress} DROP CONSTRAINT retention_progress_step_check`,
    `UPDATE ${progress} SET step = '${payloads[1]}' WHERE step = '${payloads[0]}'`,
    `UPDATE ${progress} SET step = '${events[1]}' WHERE step = '${events[0]}'`,
    `ALTER TABLE ${progress} ADD CONSTRAINT retention_progress_step_check
       CHECK (step IN ('${payloads[1]}', '${events[1]}', 'leftovers'))`,
  ];
}
