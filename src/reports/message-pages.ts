import type { EntityManager } from 'typeorm';
import { MessageEntity } from '../messages/message.entity.js';

const PAGE_SIZE = 1000;

/** The last message of a page. */
export type MessageCursor = Pick<MessageEntity, 'firstEventAt' | 'id'>;

/**
 * Yields the messages whose first event happened in a period, ordered by that time (whole milliseconds), page by page.
 * Texts are `undefined` unless requested.
 */
export async function* messagePages(
  from: Date,
  to: Date,
  manager: EntityManager,
  includeTexts = false,
): AsyncGenerator<MessageEntity[]> {
  for (let last: MessageCursor | undefined; ;) {
    const page = await messagePage(from, to, last, manager, includeTexts);
    if (page.length > 0) yield page;
    last = cursorAfter(page);
    if (!last) return;
  }
}

/** The first of these pages, or the one after `last`. */
export function messagePage(
  from: Date,
  to: Date,
  last: MessageCursor | undefined,
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

/** The cursor for the next page; `undefined` if this is the last one. */
export function cursorAfter(page: readonly MessageEntity[]): MessageCursor | undefined {
  return page.length < PAGE_SIZE ? undefined : page.at(-1);
}
