import { randomUUID } from 'node:crypto';
import { PostackDatabase } from '../../src/database/postack-database.js';
import type { DataSource } from 'typeorm';
import { MessageReceivedEvent } from '../../src/events/message-received.event.js';
import { LoopGuard } from '../../src/outbox/send-rules/loop-guard.js';
import { OwnNumbers } from '../../src/messages/own-numbers.js';
import { SendRules } from '../../src/outbox/send-rules/send-rules.js';
import { OptOutLedger } from '../../src/opt-outs/opt-out-ledger.js';
import { OptOutsProjection } from '../../src/opt-outs/opt-outs.projection.js';
import { OutboxMessageEntity } from '../../src/outbox/outbox-message.entity.js';
import { MessagesOptions } from '../../src/messages/messages.options.js';
import { OptOutOptions } from '../../src/opt-outs/opt-outs.options.js';
import { OutboxOptions } from '../../src/outbox/outbox.options.js';
import type { RepliesOptionsInput } from '../../src/replies/replies.options.js';
import { Suppressions } from '../../src/suppressions/suppressions.js';
import { createTestDatabase, openDataSource, type TestDatabase } from './test-database.js';

/** A database for tests of opt-outs, suppressions and send rules. */
export interface Compliance {
  database: TestDatabase;
  dataSource: DataSource;
  close: () => Promise<void>;
}

export async function openCompliance(): Promise<Compliance> {
  const database = await createTestDatabase();
  const dataSource = await openDataSource(database.url, { poolSize: 5 });
  return {
    database,
    dataSource,
    close: async () => {
      await dataSource.destroy();
      await database.drop();
    },
  };
}

/** The classes under test, as one process has them. */
export function partsOf(dataSource: DataSource, replies: RepliesOptionsInput = {}) {
  const database = new PostackDatabase(dataSource);
  const optOutOptions = new OptOutOptions(replies.optOut);
  const outboxOptions = new OutboxOptions(replies);
  const ownNumbers = new OwnNumbers(database, new MessagesOptions(replies));
  const ledger = new OptOutLedger(database, optOutOptions);
  const loopGuard = new LoopGuard(outboxOptions);
  const projection = new OptOutsProjection(optOutOptions, ownNumbers);
  return {
    ...{ ownNumbers, ledger, loopGuard, projection },
    rules: new SendRules(outboxOptions, ownNumbers, ledger, loopGuard, new Suppressions(database)),
    /** Projects the events in one transaction. */
    project: (...events: MessageReceivedEvent[]) =>
      dataSource.transaction((manager) => projection.project(events, manager)),
  };
}

export const PEER = '+15550100001';
export const OWN = '+15550100002';
export const OTHER_OWN = '+15550100003';

export const second = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, seconds));

/** A message from `PEER` to an own number. */
export function received(
  text: string | null,
  occurredAt: Date,
  {
    receivedAt = second(59),
    ...numbers
  }: { from?: string | null; to?: string | null; receivedAt?: Date } = {},
): MessageReceivedEvent {
  const envelope = { id: `msg_${randomUUID()}`, endpoint: 'default', wireType: 'message.received' };
  return new MessageReceivedEvent(
    { ...envelope, occurredAt, receivedAt, payload: {} },
    {
      ...{ messageId: randomUUID(), from: PEER, to: OWN, text, ...numbers },
      ...{ status: null, errorCode: null, errorMessage: null, segments: 1 },
    },
  );
}

/** Stores an outbound message; by default, an accepted reply. */
export async function storeMessage(
  dataSource: DataSource,
  fields: Partial<OutboxMessageEntity> = {},
): Promise<OutboxMessageEntity> {
  const id = randomUUID();
  const message = {
    id,
    idempotencyKey: id,
    category: 'reply',
    from: OWN,
    to: PEER,
    text: `Text ${id}`,
  } as const;
  const size = { encoding: 'GSM-7', segments: 1 } as const;
  const now = new Date();
  const repository = dataSource.getRepository(OutboxMessageEntity);
  await repository.insert({
    ...message,
    ...size,
    status: 'accepted',
    sendingSince: now,
    createdAt: now,
    ...fields,
  });
  return repository.findOneByOrFail({ id: fields.id ?? id });
}
