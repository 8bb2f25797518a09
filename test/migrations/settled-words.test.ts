import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { postackMigrations } from '../../migrations/index.js';
import { PostackSettledWords1795827600000 } from '../../migrations/1795827600000-settled-words.js';
import { postackEntities } from '../../src/postack.entities.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

type Row = Record<string, unknown>;

/** A row, or several, for each table of the version before. */
const ROWS: Record<string, Row | Row[]> = {
  inbox_event: [1, 2, 3].map((number) => ({
    ...{ endpoint: 'default', svix_id: `msg_${number}`, type: 'message.sent', status: 'dispatched' },
    ...{ occurred_at: '2026-01-01T00:00:00Z', body: 'body', secret_fingerprint: 'abc', clock_skew_ms: 0 },
    ...{ projections: ['messages'], listeners: ['crm'] },
  })),
  handler_outcome: [
    { event_id: 1, handler: 'crm', status: 'failing', attempts: 2, reason: 'first', order_key: '+1' },
    { event_id: 2, handler: 'crm', status: 'done', attempts: 1, reason: 'first' },
    { event_id: 3, handler: 'crm', status: 'dead', attempts: 23, reason: 'replay' },
  ].map((row) => ({ ...row, first_failure: { name: 'Error' }, last_failure: { name: 'TypeError' } })),
  listener_pause: { listener: 'crm', reason: 'The CRM is down' },
  replay: {
    ...{ id: '11111111-1111-4111-8111-111111111111', kind: 'replay', state: 'paused', endpoint: 'default' },
    ...{ status: 'failing', rate_per_second: 10, last_event_id: 3, matched: 1 },
  },
  retention_progress: ['bodies', 'ids', 'leftovers'].map((step) => ({
    ...{ step, received_at: '2026-01-01T00:00:00Z', event_id: 1 },
  })),
  retention_leftover: { event_id: 7 },
  message: {
    ...{ id: 'SM1', direction: 'outbound', state: 'undelivered', state_at: '2026-01-01T00:00:00Z' },
    ...{ conflict: false, history: ['msg_1', 'sweep'].map((eventId) => ({ eventId, state: 'sent' })) },
    first_event_at: '2026-01-01T00:00:00Z',
    ...{ last_event_at: '2026-01-01T00:00:01Z', error_code: '30005', to_number: '+15550100001' },
  },
  outbox_message: {
    ...{ id: '22222222-2222-4222-8222-222222222222', idempotency_key: 'key', category: 'reply' },
    ...{ from_number: '+15550100002', to_number: '+15550100001', text: 'Hi', encoding: 'GSM-7', segments: 1 },
    ...{
      status: 'rejected',
      last_failure: { code: 'POSTACK_API_REFUSED' },
      created_at: '2026-01-01T00:00:00Z',
    },
  },
  opt_out: {
    ...{ peer: '+15550100001', own_number: '', opted_out: true, since: '2026-01-01T00:00:00Z' },
    source: 'message',
  },
  opt_out_evidence: {
    ...{ peer: '+15550100001', action: 'opt-out', source: 'message', changed: true },
    occurred_at: '2026-01-01T00:00:00Z',
  },
  own_number: { number: '+15550100002' },
  reply_rule: {
    ...{ id: '33333333-3333-4333-8333-333333333333', name: 'hours', kind: 'keyword', pattern: 'hours' },
    template: '9 to 5',
  },
  request_rate: { key: 'key', points: 1, expire: 1 },
  suppression: {
    ...{ number: '+15550100001', since: '2026-01-01T00:00:00Z', source: 'failure', code: '30005' },
  },
  failure: [
    { message_id: 'SM1', code: '30005', reactions: ['alert', 'suppress-for-good'] },
    { message_id: 'SM2', code: '30003', reactions: ['resend'] },
    { message_id: 'SM3', code: null, reactions: null },
  ].map((row) => ({
    ...row,
    ...{ state: 'undelivered', source: 'event', cause_class: 'recipient', failed_at: '2026-01-01T00:00:00Z' },
  })),
  receipt_sweep: { id: 1, accepted_until: '2026-01-01T00:00:00Z', asked: 3, repaired: 2, expired: 1 },
  alert: {
    ...{ id: '44444444-4444-4444-8444-444444444444', kind: 'failure', key: '30005', state: 'open' },
    ...{ summary: 'Failures', details: {}, opened_at: '2026-01-01T00:00:00Z' },
    ...{ last_seen_at: '2026-01-01T00:00:00Z', webhook: 'off' },
  },
  event_hour: { hour: '2026-01-01T00:00:00Z', events: 1 },
  silence_watch: { id: 1, watched_at: '2026-01-01T00:00:00Z', watching_since: '2026-01-01T00:00:00Z' },
  conversation_entry: { conversation: 1, at: '2026-01-01T00:00:00Z', message_id: 'SM1', is_inbound: false },
  report_count: {
    ...{ dimension: 'all', bucket: '2026-01-01T00:00:00Z', value: '', slot: 0, received: 1, accepted: 0 },
    ...{ queued: 0, sending: 0, sent: 0, expired: 0, failed: 0, undelivered: 0, delivered: 0, read: 0 },
    ...{ segments_received: 1, segments_sent: 0, conversations: 1, replied: 0 },
  },
  report_duration: {
    ...{ duration: 'delivery', dimension: 'all', hour: '2026-01-01T00:00:00Z', value: '', bin: 1, slot: 0 },
    count: 1,
  },
  report_event: { bucket: '2026-01-01T00:00:00Z', slot: 0, accepted: 1 },
  report_own_number: { key: 'key', number: '+15550100002' },
};

describe('PostackSettledWords1795827600000', () => {
  let database: TestDatabase;
  let before: DataSource;

  /** Runs this many of the migrations. */
  async function migrate(count: number): Promise<DataSource> {
    const migrations = postackMigrations.slice(0, count);
    const dataSource = new DataSource({
      ...{ type: 'postgres', url: database.url, entities: postackEntities(), migrations },
    });
    await dataSource.initialize();
    await dataSource.runMigrations();
    return dataSource;
  }
  const index = postackMigrations.indexOf(PostackSettledWords1795827600000);

  beforeEach(async () => {
    database = await createTestDatabase({ isEmpty: true });
    before = await migrate(index);
    for (const [table, rows] of Object.entries(ROWS)) {
      for (const row of [rows].flat()) {
        // Lets PostgreSQL convert each value to the type of its column.
        const columns = Object.keys(row).join(', ');
        await database.query(
          `INSERT INTO postack.${table} (${columns})
           SELECT ${columns} FROM jsonb_populate_record(NULL::postack.${table}, $1)`,
          [JSON.stringify({ ...row, ...(row['body'] !== undefined && { body: '\\x626f6479' }) })],
        );
      }
    }
  });
  afterEach(async () => {
    await before.destroy();
    await database.drop();
  });

  /** Every row of every table, without the migrations' own. */
  async function content(): Promise<Record<string, Row[]>> {
    const tables = await database.query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables
       WHERE table_schema = 'postack' AND table_type = 'BASE TABLE' ORDER BY 1`,
    );
    const all: Record<string, Row[]> = {};
    for (const { name } of tables) {
      const rows = await database.query<{ row: Row }>(`SELECT to_jsonb(t) AS row FROM postack.${name} t`);
      all[name] = sorted(rows.map(({ row }) => row));
    }
    return all;
  }

  it('renames tables, columns and values, and keeps every row', async () => {
    const old = await content();
    expect(Object.entries(old).filter(([, rows]) => rows.length === 0)).toEqual([]);
    const migrated = await migrate(index + 1);
    try {
      expect(await content()).toEqual(renamed(old));
      await migrated.undoLastMigration();
      expect(await content()).toEqual(old);
    } finally {
      await migrated.destroy();
    }
  });
});

/** What the rows of the version before are after the migration. */
function renamed(old: Record<string, Row[]>): Record<string, Row[]> {
  const { failure, receipt_sweep, ...rest } = old;
  const change = (rows: Row[] | undefined, to: (row: Row) => Row) => sorted((rows ?? []).map(to));
  const tables = {
    ...rest,
    message_failure: change(failure, ({ reactions, ...row }) => ({
      ...row,
      reactions:
        (reactions as string[] | null)?.map((one) =>
          one === 'suppress-for-good' ? 'suppress-permanently' : one,
        ) ?? null,
    })),
    delivery_reconciliation: change(receipt_sweep, ({ repaired, ...row }) => ({
      ...row,
      reconciled: repaired,
    })),
    handler_outcome: change(rest['handler_outcome'], ({ first_failure, last_failure, ...row }) => ({
      ...row,
      ...{ first_error: first_failure, last_error: last_failure },
      status: row['status'] === 'failing' ? 'retrying' : row['status'],
      reason: row['reason'] === 'first' ? 'initial' : row['reason'],
    })),
    outbox_message: change(rest['outbox_message'], ({ last_failure, ...row }) => ({
      ...row,
      last_error: last_failure,
    })),
    message: change(rest['message'], (row) => ({
      ...row,
      history: ['msg_1', 'assumed'].map((eventId) => ({ eventId, state: 'sent' })),
    })),
    replay: change(rest['replay'], (row) => ({ ...row, status: 'retrying' })),
    retention_progress: change(rest['retention_progress'], (row) => ({
      ...row,
      step: { bodies: 'payloads', ids: 'events' }[String(row['step'])] ?? row['step'],
    })),
  };
  return Object.fromEntries(Object.entries(tables).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function sorted(rows: Row[]): Row[] {
  const textOf = (row: Row) => JSON.stringify(Object.entries(row).sort());
  return rows.sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
}
