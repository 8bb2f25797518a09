import type { EntityManager } from 'typeorm';
import type { PostackDatabase } from '../../database/postack-database.js';
import type { MessageStore } from '../../messages/message-store.js';
import { MessageEntity } from '../../messages/message.entity.js';
import { restAfter, type HourProgress } from './rebuild-progress.js';

const PAGE_SIZE = 500;

type Place = Pick<MessageEntity, 'firstEventAt' | 'id'>;

/**
 * Has the messages counted, from a time on, that are not yet: those from a time without reports. Each as if an event had
 * told of it that tells nothing new, so that whoever changes it next finds it counted. Left out are those that somebody
 * changes at the moment: they are counted by that.
 */
export async function* countUncounted(
  from: Date,
  database: PostackDatabase,
  store: MessageStore,
): AsyncGenerator<HourProgress> {
  for (let last: Place = { firstEventAt: from, id: '' }; ;) {
    const startedAt = performance.now();
    const page = await database.transaction(async (manager) => {
      const messages = await uncountedAfter(last, manager);
      await store.merge(messages, manager, true);
      return messages;
    });
    last = page.at(-1) ?? last;
    if (page.length > 0) yield { done: page.length, through: last.firstEventAt };
    if (page.length < PAGE_SIZE) return;
    await restAfter(startedAt);
  }
}

function uncountedAfter({ firstEventAt: at, id }: Place, manager: EntityManager): Promise<MessageEntity[]> {
  return manager
    .createQueryBuilder(MessageEntity, 'message')
    .where('(message.firstEventAt, message.id) > (:at, :id) AND NOT message.isCounted', { at, id })
    .orderBy({ 'message.firstEventAt': 'ASC', 'message.id': 'ASC' })
    .limit(PAGE_SIZE)
    .setLock('pessimistic_write')
    .setOnLocked('skip_locked')
    .getMany();
}
