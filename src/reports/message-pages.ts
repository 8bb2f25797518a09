import type { EntityManager } from 'typeorm';
import { MessageEntity } from '../messages/message.entity.js';

const PAGE_SIZE = 1000;

/**
 * The messages whose first event happened in a period, in that order (times are in whole milliseconds), page by page. Texts are `undefined` unless they
 * are asked for.
 */
export async function* messagePages(
  from: Date,
  to: Date,
  manager: EntityManager,
  includeTexts = false,
): AsyncGenerator<MessageEntity[]> {
  for (let last: MessageEntity | undefined; ;) {
    const query = manager
      .createQueryBuilder(MessageEntity, 'message')
      .where('message.firstEventAt >= :from AND message.firstEventAt < :to', { from, to })
      .orderBy({ 'message.firstEventAt': 'ASC', 'message.id': 'ASC' })
      .limit(PAGE_SIZE);
    if (!includeTexts) {
      const { columns } = manager.dataSource.getMetadata(MessageEntity);
      const names = columns.map(({ propertyName }) => propertyName).filter((name) => name !== 'text');
      query.select(names.map((name) => `message.${name}`));
    }
    if (last) {
      const { firstEventAt: at, id } = last;
      query.andWhere('(message.firstEventAt, message.id) > (:at, :id)', { at, id });
    }
    const page = await query.getMany();
    if (page.length > 0) yield page;
    last = page.length < PAGE_SIZE ? undefined : page.at(-1);
    if (!last) return;
  }
}
