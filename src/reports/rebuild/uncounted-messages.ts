import type { EntityManager } from 'typeorm';
import type { PostackDatabase } from '../../database/postack-database.js';
import type { MessageStore } from '../../messages/message-store.js';
import { MessageEntity } from '../../messages/message.entity.js';
import type { MessageCursor } from '../message-pages.js';
import { pauseAfter, type HourProgress } from './rebuild-progress.js';

const PAGE_SIZE = 500;

/**
 * Counts the messages that are not counted yet, because they were stored while reports were disabled. Each is stored
 * without a change, which marks it as counted. Messages that another transaction is changing are skipped: that
 * transaction counts them.
 */
export async function* countUncounted(
  from: Date,
  database: PostackDatabase,
  store: MessageStore,
): AsyncGenerator<HourProgress> {
  for (let last: MessageCursor = { firstEventAt: from, id: '' }; ;) {
    const startedAt = performance.now();
    const page = await database.transaction(async (manager) => {
      const messages = await uncountedAfter(last, manager);
      await store.merge(messages, manager, true);
      return messages;
    });
    last = page.at(-1) ?? last;
    if (page.length > 0) yield { done: page.length, through: last.firstEventAt };
    if (page.length < PAGE_SIZE) return;
    await pauseAfter(startedAt);
  }
}

function uncountedAfter(
  { firstEventAt: at, id }: MessageCursor,
  manager: EntityManager,
): Promise<MessageEntity[]> {
  return manager
    .createQueryBuilder(MessageEntity, 'message')
    .where('(message.firstEventAt, message.id) > (:at, :id) AND NOT message.isCounted', { at, id })
    .orderBy({ 'message.firstEventAt': 'ASC', 'message.id': 'ASC' })
    .limit(PAGE_SIZE)
    .setLock('pessimistic_write')
    .setOnLocked('skip_locked')
    .getMany();
}
