import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { PostackDerivedReports1796083200000 } from '../../migrations/1796083200000-derived-reports.js';
import { postackMigrations } from '../../migrations/index.js';
import type { KnownEventType } from '../../src/index.js';
import type { HistoryEvent } from '../reports/history.js';
import { compute, projectionOf, rebuild, reportsOf } from '../reports/report-parts.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { migrated } from './migrated.js';

const START = Date.UTC(2026, 0, 5, 8);
const at = (minutes: number) => new Date(START + minutes * 60_000);
const OWN = '+15550100002';
const PEER = '+491701234567';

let database: TestDatabase;
let dataSource: DataSource | undefined;
beforeEach(async () => {
  database = await createTestDatabase({ isEmpty: true });
});
afterEach(async () => {
  await dataSource?.destroy();
  await database.drop();
});

/** Two hours, of which the rollups have counted 7 messages each, in two slots; but a message each is all that is stored. */
async function fill(): Promise<void> {
  for (const [hour, id] of [at(0), at(60)].map((hour, index) => [hour, `SM${index}`] as const)) {
    const fact = { state: 'sent', at: hour.toISOString(), eventId: 'msg', errorCode: null };
    await database.query(
      `INSERT INTO postack.message (id, direction, state, state_at, conflict, from_number, to_number, segments, history,
         first_event_at, last_event_at, is_counted)
       VALUES ($1, 'outbound', 'sent', $2, false, $3, $4, 1, $5, $2, $2, true)`,
      [id, hour, OWN, PEER, JSON.stringify([fact])],
    );
    await database.query(
      `INSERT INTO postack.report_count
       SELECT 'total', $1, '', slot, 0, 0, 0, 0, count, 0, 0, 0, 0, 0, 0, count, 0, 0
       FROM (VALUES (0, 3), (1, 4), (-2, 0)) AS slots (slot, count)`,
      [hour],
    );
    await database.query(
      `INSERT INTO postack.report_duration SELECT 'timeToDelivered', 'total', $1, '', 50, slot, slot
       FROM generate_series(1, 2) AS slot`,
      [hour],
    );
    await database.query(
      `INSERT INTO postack.report_event (bucket, slot, accepted, duplicates) VALUES ($1, 0, 5, 1), ($1, 3, 2, 1)`,
      [hour],
    );
  }
}

async function figures(hour: number) {
  const period = { from: at(60 * hour), to: at(60 * (hour + 1)) };
  const { messages, timeToDelivered, events } = await reportsOf(dataSource!).summary(period);
  const { sent, delivered } = messages.states;
  return { sent, delivered, durations: timeToDelivered.count, ...events, lag: undefined };
}

const event = (type: KnownEventType, messageId: string, minute: number): HistoryEvent => ({
  ...{ id: `msg_${messageId}`, type, at: at(minute).getTime(), messageId },
  ...{ from: OWN, to: PEER, segments: 1, errorCode: null },
});

describe('PostackDerivedReports1796083200000', () => {
  it('keeps the figures of before until they are computed, without a gap or a double', async () => {
    const index = postackMigrations.indexOf(PostackDerivedReports1796083200000);
    await (await migrated(database.url, postackMigrations.slice(0, index))).destroy();
    await fill();
    dataSource = await migrated(database.url, [...postackMigrations]);
    const before = { sent: 7, delivered: 0, durations: 3, accepted: 7, duplicates: 2 };
    expect(await figures(0)).toMatchObject(before);
    expect(await figures(1)).toMatchObject(before);

    // A message of the first hour changes: that hour is computed, whole. Neither message had its new columns.
    await projectionOf(dataSource)([event('message.delivered', 'SM0', 1)]);
    await compute(dataSource);
    expect(await figures(0)).toMatchObject({ ...before, sent: 0, delivered: 1, durations: 1 });
    expect(await figures(1)).toMatchObject(before);
    const { messages } = await reportsOf(dataSource).summary({ from: at(0), to: at(60) });
    expect(messages.conversations).toBe(1);

    await rebuild(dataSource);
    expect(await figures(1)).toMatchObject({ ...before, sent: 1, durations: 0 });
    const { items } = await reportsOf(dataSource).numbers({ from: at(0), includeNumbers: true });
    expect(items).toMatchObject([{ number: OWN, outbound: 2, conversations: 1 }]);
  });

  it('can be undone: the figures stay', async () => {
    const index = postackMigrations.indexOf(PostackDerivedReports1796083200000);
    dataSource = await migrated(database.url, [...postackMigrations]);
    await projectionOf(dataSource)([event('message.sent', 'SM0', 1), event('message.delivered', 'SM0', 2)]);
    await compute(dataSource);
    for (let undone = postackMigrations.length; undone > index; undone -= 1)
      await dataSource.undoLastMigration();
    expect(
      await database.query(
        `SELECT dimension, value, slot, delivered FROM postack.report_count WHERE dimension IN ('total', 'country') ORDER BY 1`,
      ),
    ).toEqual([
      { dimension: 'country', value: 'DE', slot: 0, delivered: 1 },
      { dimension: 'total', value: '', slot: 0, delivered: 1 },
    ]);
    expect(
      await database.query(
        `SELECT duration, dimension, bin, slot, count FROM postack.report_duration WHERE dimension = 'total' ORDER BY 1`,
      ),
    ).toEqual([{ duration: 'timeToDelivered', dimension: 'total', bin: 116, slot: 0, count: 1 }]);
    expect(await database.query('SELECT message_id, is_inbound FROM postack.conversation_entry')).toEqual([
      { message_id: 'SM0', is_inbound: false },
    ]);
    expect(await database.query('SELECT is_counted FROM postack.message')).toEqual([{ is_counted: true }]);
  });
});
