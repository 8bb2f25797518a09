import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PostackDatabase } from '../../src/database/postack-database.js';
import type { DataSource } from 'typeorm';
import { FailuresOptions } from '../../src/failures/failures.options.js';
import type { KnownEventType } from '../../src/index.js';
import { Reports } from '../../src/reports/index.js';
import { countUncounted } from '../../src/reports/rebuild/uncounted-messages.js';
import { RebuildHours } from '../../src/reports/rebuild/rebuild-hours.js';
import { hourOf } from '../../src/reports/rollups/report-time.js';
import { createTestDatabase, openDataSource, type TestDatabase } from '../support/test-database.js';
import type { HistoryEvent } from './history.js';
import { eventOf, projectionOf, storeOf } from './report-parts.js';
import { messageOf } from '../../src/messages/message-state.js';
import { MessageStore } from '../../src/messages/message-store.js';

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

describe('RebuildHours', () => {
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
    const { messages } = await new Reports(new PostackDatabase(dataSource), new FailuresOptions()).summary({
      from: new Date(START),
      to: new Date(START + 3_600_000),
    });
    const states = Object.entries(messages.states).filter(([, count]) => count !== 0);
    const { conversations, replied } = messages;
    return { ...Object.fromEntries(states), conversations, ...(replied !== 0 && { replied }) };
  }
  async function rebuild(): Promise<void> {
    const hours = new RebuildHours(new PostackDatabase(dataSource));
    for await (const _page of countUncounted(
      new Date(START - 3_600_000),
      new PostackDatabase(dataSource),
      storeOf(),
    ));
    for (const step of ['conversations', 'counts'] as const)
      for await (const _page of hours.rebuild(step, hourOf(new Date(START))));
  }
  /** Stores a message without counting it, like a version without reports. */
  const storeOnly = (event: HistoryEvent) =>
    dataSource.transaction((manager) => new MessageStore().merge([messageOf(eventOf(event))], manager));

  it('counts an uncounted message once, whether its next event comes before or after', async () => {
    await storeOnly(eventOfMinute('message.sent', 0));
    await storeOnly(eventOfMinute('message.sent', 1, 'SM2'));
    expect(await figures()).toEqual({ conversations: 0 });
    await projectionOf(dataSource)([eventOfMinute('message.delivered', 2)]);
    expect(await figures()).toEqual({ delivered: 1, conversations: 1 });
    await rebuild();
    expect(await figures()).toEqual({ delivered: 1, sent: 1, conversations: 1 });
    await projectionOf(dataSource)([eventOfMinute('message.delivered', 3, 'SM2')]);
    expect(await figures()).toEqual({ delivered: 2, conversations: 1 });
  });

  it('is not needed for a message that gets another event once reports are enabled again', async () => {
    const [on, off] = [projectionOf(dataSource), projectionOf(dataSource, false)];
    await on([eventOfMinute('message.queued', 0)]);
    await off([eventOfMinute('message.sent', 1)]);
    expect(await figures()).toEqual({ conversations: 0 });
    await on([eventOfMinute('message.delivered', 2)]);
    expect(await figures()).toEqual({ delivered: 1, conversations: 1 });
  });

  it('adds no conversation entry for an uncounted message, even if interrupted', async () => {
    const question = {
      ...eventOfMinute('message.received', 0, 'SM_in'),
      from: '+491701234567',
      to: '+15550100002',
    };
    await storeOnly(question);
    await storeOnly(eventOfMinute('message.sent', 1));
    const hours = new RebuildHours(new PostackDatabase(dataSource));
    for await (const _page of hours.rebuild('conversations', START));
    expect(await dataSource.query('SELECT FROM postack.conversation_entry')).toEqual([]);
    for await (const _page of countUncounted(new Date(START), new PostackDatabase(dataSource), storeOf()))
      break;
    expect(await figures()).toMatchObject({ sent: 1, conversations: 1, replied: 1 });
    await projectionOf(dataSource)([eventOfMinute('message.delivered', 2), { ...question, id: 'again' }]);
    expect(await figures()).toMatchObject({ delivered: 1, conversations: 1, replied: 1 });
    await rebuild();
    expect(await figures()).toMatchObject({ delivered: 1, conversations: 1, replied: 1 });
  });

  it('skips a message that a dispatcher is counting', async () => {
    await storeOnly(eventOfMinute('message.sent', 0));
    const dispatcher = dataSource.createQueryRunner();
    await dispatcher.startTransaction();
    await dispatcher.query(`SELECT FROM postack.message FOR UPDATE`);
    await rebuild();
    expect(await figures()).toEqual({ conversations: 0 });
    await dispatcher.rollbackTransaction();
    await dispatcher.release();
    await rebuild();
    expect(await figures()).toEqual({ sent: 1, conversations: 1 });
  });
});
