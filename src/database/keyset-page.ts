import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';

/** One page of a list. */
export interface Page<Item> {
  items: Item[];
  /** Pass it as `cursor` to get the next page; `null` on the last page. */
  nextCursor: string | null;
}

/** Which page of a list. */
export interface PageRequest {
  /** Page size. Default 50. */
  limit?: number;
  /** `nextCursor` of the page before. Default: the first page. */
  cursor?: string;
}

/** The `cursor` was not returned by any page. */
export class InvalidCursorError extends Error {
  readonly code = 'POSTACK_CURSOR_INVALID';
  override readonly name = 'InvalidCursorError';

  constructor() {
    super('"cursor" must be the "nextCursor" of the page before, unchanged');
  }
}

/** What a value of a cursor must look like for PostgreSQL to accept it as this type. */
const ACCEPTED = {
  // What `Date.toISOString` returns.
  timestamptz: (value: string) =>
    /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/.test(value) && !Number.isNaN(Date.parse(value)),
  uuid: isUuid,
  bigint: (value: string) => /^\d{1,18}$/.test(value),
  text: (value: string) => !value.includes('\0'),
};

/** One of the columns that a list is ordered by, and that together identify a row. */
export interface PageKey<Row> {
  /** As TypeORM writes it: `message.lastEventAt`. Newest (largest) first. */
  column: string;
  type: keyof typeof ACCEPTED;
  of: (row: Row) => string | Date;
}

/** Whether a text is a UUID, which PostgreSQL would otherwise refuse. */
export function isUuid(text: string): boolean {
  return /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text);
}

/**
 * Reads one page of a query, in descending order of `keys`. The cursor holds the keys of the page's last row, so pages
 * stay right while rows are added.
 *
 * @param read How the query is read. Default: `query.getMany()`.
 * @throws {InvalidCursorError}
 */
export async function keysetPage<Entity extends ObjectLiteral, Row extends Entity = Entity>(
  query: SelectQueryBuilder<Entity>,
  keys: readonly PageKey<Row>[],
  { limit = 50, cursor }: PageRequest,
  read: (query: SelectQueryBuilder<Entity>) => Promise<Row[]> = (all) => all.getMany() as Promise<Row[]>,
): Promise<Page<Row>> {
  for (const { column } of keys) query.addOrderBy(column, 'DESC');
  if (cursor !== undefined) {
    const position = decodeCursor(cursor, keys);
    const columns = keys.map(({ column }) => column).join(', ');
    const values = keys.map(({ type }, index) => `CAST(:cursor${index} AS ${type})`).join(', ');
    query.andWhere(
      `(${columns}) < (${values})`,
      Object.fromEntries(position.map((value, index) => [`cursor${index}`, value])),
    );
  }
  const rows = await read(query.limit(limit + 1));
  const items = rows.slice(0, limit);
  const last = rows.length > limit ? items.at(-1) : undefined;
  return { items, nextCursor: last ? encodeCursor(keys.map(({ of }) => textOf(of(last)))) : null };
}

function textOf(value: string | Date): string {
  return typeof value === 'string' ? value : value.toISOString();
}

function encodeCursor(position: readonly string[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

function decodeCursor(cursor: string, keys: readonly Pick<PageKey<never>, 'type'>[]): string[] {
  let position: unknown;
  try {
    position = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw new InvalidCursorError();
  }
  const isPosition =
    Array.isArray(position) &&
    position.length === keys.length &&
    keys.every(({ type }, index) => {
      const value: unknown = (position as unknown[])[index];
      return typeof value === 'string' && ACCEPTED[type](value);
    });
  if (!isPosition) throw new InvalidCursorError();
  return position as string[];
}
