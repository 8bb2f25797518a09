import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PostackDatabase } from '../../src/database/postack-database.js';
import type { DataSource } from 'typeorm';
import { MessageFailedEvent } from '../../src/events/message-failed.event.js';
import { MessageSentEvent } from '../../src/events/message-sent.event.js';
import { MessageUndeliveredEvent } from '../../src/events/message-undelivered.event.js';
import { FailuresOptions } from '../../src/failures/failures.options.js';
import { MessageFailureEntity } from '../../src/failures/message-failure.entity.js';
import type { FailurePolicies } from '../../src/failures/reactions/failure-policies.js';
import { FailureRecords } from '../../src/failures/failure-records.js';
import { MessageEntity } from '../../src/messages/message.entity.js';
import { MessageStore } from '../../src/messages/message-store.js';
import { MessagesProjection } from '../../src/messages/messages.projection.js';
import { Suppressions } from '../../src/suppressions/suppressions.js';
import { QueryCounter } from '../support/query-counter.js';
import { createTestDatabase, openDataSource, type TestDatabase } from '../support/test-database.js';

type MessageEvent = MessageUndeliveredEvent | MessageFailedEvent | MessageSentEvent;

const second = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, seconds));

function event(
  eventClass: typeof MessageUndeliveredEvent | typeof MessageFailedEvent | typeof MessageSentEvent,
  messageId: string,
  errorCode: string | null,
  seconds: number,
  change: { from?: null; to?: null } = {},
): MessageEvent {
  const occurredAt = second(seconds);
  return new eventClass(
    {
      ...{ id: `msg_${messageId}_${seconds}`, endpoint: 'default', wireType: eventClass.type },
      ...{ occurredAt, receivedAt: occurredAt, payload: {} },
    },
    {
      ...{ messageId, errorCode, from: '+15550100002', to: '+1 555 010 0001', text: null },
      ...{ status: null, errorMessage: null, segments: null },
      ...change,
    },
  );
}

const reactingPolicies = { decideNothing: () => false } as unknown as FailurePolicies;

describe('FailureRecords', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  const store = new MessageStore();
  const projection = new MessagesProjection(store);

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await openDataSource(database.url);
    new FailureRecords(
      new FailuresOptions(),
      store,
      new Suppressions(new PostackDatabase(dataSource)),
      reactingPolicies,
    ).onModuleInit();
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  const project = (events: MessageEvent[]) =>
    dataSource.transaction((manager) => projection.project(events, manager));
  const find = (messageId: string) =>
    dataSource.getRepository(MessageFailureEntity).findOneByOrFail({ messageId });

  it('execute one statement, however many events there are', async () => {
    const counter = new QueryCounter('"message_failure"');
    dataSource.logger = counter;
    await project(
      Array.from({ length: 300 }, (_, index) =>
        event(MessageUndeliveredEvent, `SM_many_${index % 200}`, '30003', index % 60),
      ),
    );
    expect(counter.count).toBe(1);
    expect(await dataSource.getRepository(MessageFailureEntity).count()).toBe(200);
  });

  it('keep the latest report, in any order and grouping of arrival', async () => {
    const reports = (id: string) => [
      event(MessageFailedEvent, id, '30003', 3),
      event(MessageUndeliveredEvent, id, '30007', 9),
      event(MessageFailedEvent, id, '30034', 9),
    ];
    const [a, b, c] = reports('SM_one_by_one');
    for (const one of [b, c, a]) await project([one!]);
    await project(reports('SM_at_once').reverse());
    for (const id of ['SM_one_by_one', 'SM_at_once']) {
      expect(await find(id)).toMatchObject({
        ...{ state: 'undelivered', code: '30007', causeClass: 'content', failedAt: second(9) },
        ...{ to: '+15550100001', eventId: `msg_${id}_9`, source: 'event' },
      });
    }
  });

  it('reset the reactions for a later report, and keep the acknowledgement', async () => {
    await project([event(MessageFailedEvent, 'SM_again', '30003', 1)]);
    const handled = {
      reactedAt: new Date(),
      reactions: [],
      acknowledgedAt: new Date(),
      acknowledgedReason: 'ok',
    };
    await dataSource.getRepository(MessageFailureEntity).update({ messageId: 'SM_again' }, handled);
    await project([event(MessageFailedEvent, 'SM_again', '30003', 1)]);
    expect((await find('SM_again')).reactedAt).not.toBeNull();
    await project([event(MessageUndeliveredEvent, 'SM_again', '30005', 2)]);
    expect(await find('SM_again')).toMatchObject({
      ...{ code: '30005', reactedAt: null, reactions: null, acknowledgedReason: 'ok' },
    });
  });

  it('keep the reactions if the failure is only reported again', async () => {
    await project([event(MessageUndeliveredEvent, 'SM_twice', '30005', 5)]);
    await dataSource
      .getRepository(MessageFailureEntity)
      .update({ messageId: 'SM_twice' }, { reactedAt: new Date(), reactions: ['suppress'] });
    const counter = new QueryCounter('"message_failure"');
    dataSource.logger = counter;
    await project([event(MessageUndeliveredEvent, 'SM_twice', '30005', 9)]);
    await project([event(MessageUndeliveredEvent, 'SM_twice', null, 10)]);
    await project([event(MessageSentEvent, 'SM_twice', null, 1)]);
    // That it may yet arrive adds nothing to that it cannot.
    await project([event(MessageUndeliveredEvent, 'SM_twice', '30003', 11)]);
    expect(counter.count).toBe(0);
    expect(await find('SM_twice')).toMatchObject({
      code: '30005',
      failedAt: second(5),
      reactions: ['suppress'],
    });
  });

  it('take in the code of a later report: where there was none, and a final one after a temporary one', async () => {
    for (const [seconds, code] of [
      [1, null],
      [2, '30003'],
      [3, null],
      [4, '30005'],
    ] as const) {
      await project([event(MessageUndeliveredEvent, 'SM_later', code, seconds)]);
      const known = code ?? (seconds > 2 ? '30003' : null);
      expect(await find('SM_later')).toMatchObject({
        code: known,
        failedAt: second(1),
        eventId: 'msg_SM_later_1',
      });
    }
    expect(await dataSource.getRepository(MessageEntity).findOneBy({ id: 'SM_later' })).toMatchObject({
      errorCode: '30005',
      stateAt: second(1),
    });
  });

  it('contain the numbers of another event of the message', async () => {
    await project([event(MessageSentEvent, 'SM_numbers', null, 1)]);
    await project([event(MessageUndeliveredEvent, 'SM_numbers', '30005', 2, { from: null, to: null })]);
    expect(await find('SM_numbers')).toMatchObject({ from: '+15550100002', to: '+15550100001' });
  });
});
