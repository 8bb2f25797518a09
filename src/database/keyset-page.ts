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

/** The `cursor` is not one that this list has returned. */
export class InvalidCursorError extends Error {
  readonly code = 'POSTACK_CURSOR_INVALID';
  override readonly name = 'InvalidCursorError';

  constructor() {
    super('"cursor" must be the "nextCursor" of the page before, unchanged');
  }
}

/** Whether PostgreSQL accepts the text as a value of this type. A cursor comes from outside: it may hold anything. */
const IS_VALID = {
  timestamptz: isIsoTime,
  uuid: isUuid,
  bigint: (text: string) => /^\d{1,18}$/.test(text),
  text: (text: string) => !text.includes('\0'),
};

/** One of the columns that a list is ordered by. Together they identify a row. */
export interface PageKey<Row> {
  /**
   * As TypeORM writes it: `message.lastEventAt`. A time must have whole milliseconds, because a cursor has no more:
   * use `date_trunc('milliseconds', …)` for one that PostgreSQL's clock has set.
   */
  column: string;
  type: keyof typeof IS_VALID;
  /** The value of the column in a row. */
  of: (row: Row) => string | Date;
}

/** Whether a text is a UUID; PostgreSQL would fail on any other. */
export function isUuid(text: string): boolean {
  return /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text);
}

/** Whether a text is a time as `Date.toISOString` writes it, of a year that PostgreSQL has: there is no year 0. */
function isIsoTime(text: string): boolean {
  if (!/^(?!0000)\d{4}-/.test(text)) return false;
  const time = new Date(text);
  return !Number.isNaN(time.getTime()) && time.toISOString() === text;
}

/**
 * Reads one page of a query, in descending order of `keys`. A cursor holds the keys of the last row of its page, so
 * that rows added meanwhile neither repeat nor hide others.
 *
 * @param read Reads the rows of the query. Default: `query.getMany()`.
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
      return typeof value === 'string' && IS_VALID[type](value);
    });
  if (!isPosition) throw new InvalidCursorError();
  return position as string[];
}
