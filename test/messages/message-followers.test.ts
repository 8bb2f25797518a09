import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AbstractLogger, type DataSource } from 'typeorm';
import { PostackDatabase } from '../../src/database/postack-database.js';
import { MessageUndeliveredEvent } from '../../src/events/message-undelivered.event.js';
import type { FailurePolicies } from '../../src/failures/reactions/failure-policies.js';
import { FailureRecords } from '../../src/failures/failure-records.js';
import { FailuresOptions } from '../../src/failures/failures.options.js';
import { messageOf } from '../../src/messages/message-state.js';
import { MessageStore, type MessageFollower } from '../../src/messages/message-store.js';
import { ReportsOptions } from '../../src/reports/reports.options.js';
import { MessageReports } from '../../src/reports/rollups/message-reports.js';
import { Suppressions } from '../../src/suppressions/suppressions.js';
import { createTestDatabase, openDataSource, type TestDatabase } from '../support/test-database.js';

/** Records which feature each INSERT belongs to. */
class InsertLog extends AbstractLogger {
  readonly followers: MessageFollower[] = [];

  constructor() {
    super('all');
  }

  override logQuery(query: string): void {
    if (query.includes('INSERT INTO "postack"."message_failure"')) this.followers.push('failures');
    if (query.includes('INSERT INTO "postack"."report_count"')) this.followers.push('reports');
  }

  protected override writeLog(): void {}
}

describe('MessageStore', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await openDataSource(database.url);
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  /** Stores a message that failed. */
  function merge(store: MessageStore, messageId: string): Promise<unknown> {
    const occurredAt = new Date('2026-01-01T12:00:00Z');
    const event = new MessageUndeliveredEvent(
      {
        ...{ id: `msg_${messageId}`, endpoint: 'default', wireType: 'message.undelivered' },
        ...{ occurredAt, receivedAt: occurredAt, payload: {} },
      },
      {
        ...{ messageId, errorCode: '30005', from: '+15550100002', to: '+15550100001', text: null },
        ...{ status: null, errorMessage: null, segments: 1 },
      },
    );
    return dataSource.transaction((manager) => store.merge([messageOf(event)], manager));
  }

  const orders: MessageFollower[][] = [
    ['failures', 'reports'],
    ['reports', 'failures'],
  ];

  it.each(orders)('calls failures before reports if they are registered as %s, %s', async (...order) => {
    const store = new MessageStore();
    const calls: MessageFollower[] = [];
    for (const follower of order) {
      store.onChange(follower, () => {
        calls.push(follower);
        return Promise.resolve();
      });
    }
    await merge(store, `SM_${order.join('_')}`);
    expect(calls).toEqual(['failures', 'reports']);
  });

  it('records failures before counting them, even if the reports are initialized first', async () => {
    const store = new MessageStore();
    new MessageReports(new ReportsOptions(), store).onModuleInit();
    const suppressions = new Suppressions(new PostackDatabase(dataSource));
    const policies = { decideNothing: () => false } as unknown as FailurePolicies;
    new FailureRecords(new FailuresOptions(), store, suppressions, policies).onModuleInit();
    const log = new InsertLog();
    dataSource.logger = log;
    await merge(store, 'SM_real');
    expect(log.followers).toEqual(['failures', 'reports']);
  });
});
