import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import type { KnownEventType } from '../../src/index.js';
import { createTestDatabase, openDataSource, type TestDatabase } from '../support/test-database.js';
import type { HistoryEvent } from './history.js';
import { compute, projectionOf, rebuild, reportsOf } from './report-parts.js';

const START = Date.UTC(2026, 0, 5, 8);

const eventOfMinute = (type: KnownEventType, minute: number, messageId = 'SM1'): HistoryEvent => ({
  id: `${messageId}_${type}`,
  type,
  at: START + minute * 60_000,
  messageId,
  from: '+15550100002',
  to: '+491701234567',
  segments: 1,
  errorCode: null,
});

describe('Messages that came while reports were disabled', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeEach(async () => {
    database = await createTestDatabase();
    dataSource = await openDataSource(database.url);
  });
  afterEach(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  /** Non-zero states, conversations and replies. */
  async function figures() {
    await compute(dataSource);
    const period = { from: new Date(START), to: new Date(START + 3_600_000) };
    const { messages } = await reportsOf(dataSource).summary(period);
    const states = Object.entries(messages.states).filter(([, count]) => count !== 0);
    const { conversations, replied } = messages;
    return { ...Object.fromEntries(states), conversations, ...(replied !== 0 && { replied }) };
  }
  const storeOnly = (event: HistoryEvent) => projectionOf(dataSource, false)([event]);

  it('count with the next change in their hour, or when the reports are rebuilt', async () => {
    await storeOnly(eventOfMinute('message.sent', 0));
    await storeOnly(eventOfMinute('message.sent', 80, 'SM2'));
    expect(await figures()).toEqual({ conversations: 0 });
    await projectionOf(dataSource)([eventOfMinute('message.delivered', 2)]);
    expect(await figures()).toEqual({ delivered: 1, conversations: 1 });
    expect(await rebuild(dataSource)).toEqual([
      { done: 0, total: 2 },
      { done: 2, total: 2 },
    ]);
    expect(await figures()).toEqual({ delivered: 1, conversations: 1 });
    const day = await reportsOf(dataSource).summary({ from: new Date(START) });
    expect(day.messages).toMatchObject({ outbound: 2, conversations: 1 });
  });

  it('count in the figures of their neighbours', async () => {
    await storeOnly(eventOfMinute('message.sent', 30));
    const question = eventOfMinute('message.received', 20, 'SM_in');
    await projectionOf(dataSource)([{ ...question, from: question.to, to: question.from }]);
    expect(await figures()).toEqual({ sent: 1, conversations: 1, replied: 1 });
  });
});
