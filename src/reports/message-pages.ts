import type { EntityManager } from 'typeorm';
import { MessageEntity } from '../messages/message.entity.js';

const PAGE_SIZE = 1000;

/** Where a page ends. */
export type MessagePlace = Pick<MessageEntity, 'firstEventAt' | 'id'>;

/**
 * The messages whose first event happened in a period, in that order (times are in whole milliseconds), page by page.
 * Texts are `undefined` unless they are asked for.
 */
export async function* messagePages(
  from: Date,
  to: Date,
  manager: EntityManager,
  includeTexts = false,
): AsyncGenerator<MessageEntity[]> {
  for (let last: MessagePlace | undefined; ;) {
    const page = await messagePage(from, to, last, manager, includeTexts);
    if (page.length > 0) yield page;
    last = endOf(page);
    if (!last) return;
  }
}

/** One of these pages: from the beginning, or after `last`. */
export function messagePage(
  from: Date,
  to: Date,
  last: MessagePlace | undefined,
  manager: EntityManager,
  includeTexts = false,
): Promise<MessageEntity[]> {
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
  return query.getMany();
}

/** After which the next page begins; `undefined` when there is none. */
export function endOf(page: readonly MessageEntity[]): MessagePlace | undefined {
  return page.length < PAGE_SIZE ? undefined : page.at(-1);
}
