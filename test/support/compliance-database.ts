import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { MessageReceivedEvent } from '../../src/events/message-received.event.js';
import { LoopGuard } from '../../src/outbox/send-rules/loop-guard.js';
import { OwnNumbers } from '../../src/messages/own-numbers.js';
import { SendRules } from '../../src/outbox/send-rules/send-rules.js';
import { OptOutLedger } from '../../src/opt-outs/opt-out-ledger.js';
import { OptOutsProjection } from '../../src/opt-outs/opt-outs.projection.js';
import { OutboxMessageEntity } from '../../src/outbox/outbox-message.entity.js';
import { type ReplyOptions, ResolvedReplyOptions } from '../../src/replies/reply-options.js';
import { Suppressions } from '../../src/suppressions/suppressions.js';
import { createTestDatabase, openDataSource, type TestDatabase } from './test-database.js';

/** The parts of replies that keep the law, on a database of their own. */
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

/** As one process has them. */
export function partsOf(dataSource: DataSource, replies: ReplyOptions = {}) {
  const options = new ResolvedReplyOptions(replies);
  const ownNumbers = new OwnNumbers(dataSource, options);
  const ledger = new OptOutLedger(dataSource, options);
  const loopGuard = new LoopGuard(options);
  const projection = new OptOutsProjection(options, ownNumbers);
  return {
    ...{ ownNumbers, ledger, loopGuard, projection },
    rules: new SendRules(options, ownNumbers, ledger, loopGuard, new Suppressions(dataSource)),
    /** Projects the events in one transaction. */
    project: (...events: MessageReceivedEvent[]) =>
      dataSource.transaction((manager) => projection.project(events, manager)),
  };
}

export const PEER = '+15550100001';
export const OWN = '+15550100002';
export const OTHER_OWN = '+15550100003';

export const second = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, seconds));

/** Somebody wrote to one of our numbers. */
export function received(
  text: string | null,
  occurredAt: Date,
  numbers: { from?: string | null; to?: string | null } = {},
): MessageReceivedEvent {
  const envelope = { id: `msg_${randomUUID()}`, endpoint: 'default', wireType: 'message.received' };
  return new MessageReceivedEvent(
    { ...envelope, occurredAt, receivedAt: second(59), payload: {} },
    {
      ...{ messageId: randomUUID(), from: PEER, to: OWN, text, ...numbers },
      ...{ status: null, errorCode: null, errorMessage: null, segments: 1 },
    },
  );
}

/** Stores an outbound message, a reply that is being sent unless told otherwise. */
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
