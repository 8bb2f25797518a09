import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { InvalidCursorError, type Page } from '../../src/database/keyset-page.js';
import { EventQueries, MessageQueries, Replays } from '../../src/index.js';
import { OptOutLedger } from '../../src/replies/index.js';
import { startTestApplication, type TestApplication } from '../support/test-application.js';

const cursorOf = (position: unknown) => Buffer.from(JSON.stringify(position)).toString('base64url');

describe('keysetPage', () => {
  let app: TestApplication;
  let messages: MessageQueries;
  let replays: Replays;

  beforeAll(async () => {
    app = await startTestApplication({ options: { role: 'accept' } });
    messages = app.application.get(MessageQueries, { strict: false });
    replays = app.application.get(Replays, { strict: false });
  });
  afterEach(async () => {
    await app.dataSource.query('DELETE FROM postack.message');
    await app.dataSource.query('DELETE FROM postack.replay');
  });
  afterAll(() => app.close());

  async function storeMessages(rows: [id: string, lastEventAt: string][]): Promise<void> {
    for (const [id, at] of rows) {
      await app.dataSource.query(
        `INSERT INTO postack.message
           (id, direction, state, state_at, conflict, history, first_event_at, last_event_at)
         VALUES ($1, 'outbound', 'sent', $2, false, '[]', $2, $2)`,
        [id, at],
      );
    }
  }
  async function storeReplays(rows: [id: string, createdAt: string][]): Promise<void> {
    for (const [id, at] of rows) {
      await app.dataSource.query(
        `INSERT INTO postack.replay
           (id, kind, state, endpoint, rate_per_second, last_event_id, matched, created_at)
         VALUES ($1, 'replay', 'done', 'default', 10, 0, 0, $2)`,
        [id, at],
      );
    }
  }

  /** The ids of all pages. */
  async function pagesOf(list: (cursor?: string) => Promise<Page<{ id: string }>>): Promise<string[][]> {
    const pages: string[][] = [];
    for (let cursor: string | undefined; ;) {
      const page = await list(cursor);
      pages.push(page.items.map(({ id }) => id));
      if (page.nextCursor === null) return pages;
      cursor = page.nextCursor;
    }
  }
  const messagePages = (limit: number) => pagesOf((cursor) => messages.list({ limit, cursor }));

  const EARLY = '2026-01-01T00:00:00.000Z';
  const LATE = '2026-01-02T00:00:00.000Z';

  it('returns the largest first, and those with the same first column by the next one', async () => {
    await storeMessages([
      ['b', EARLY],
      ['d', LATE],
      ['a', EARLY],
      ['c', EARLY],
    ]);
    await expect(messagePages(4)).resolves.toEqual([['d', 'c', 'b', 'a']]);
    await expect(messagePages(1)).resolves.toEqual([['d'], ['c'], ['b'], ['a']]);
    await expect(messagePages(3)).resolves.toEqual([['d', 'c', 'b'], ['a']]);
  });

  it('has no cursor on the last page, also when that is full or empty', async () => {
    await expect(messages.list()).resolves.toEqual({ items: [], nextCursor: null });
    await storeMessages([
      ['a', EARLY],
      ['b', EARLY],
    ]);
    await expect(messagePages(2)).resolves.toEqual([['b', 'a']]);
    const { nextCursor } = await messages.list({ limit: 1 });
    await app.dataSource.query(`DELETE FROM postack.message WHERE id = 'a'`);
    await expect(messages.list({ limit: 1, cursor: nextCursor! })).resolves.toEqual({
      items: [],
      nextCursor: null,
    });
  });

  it('has 50 items on a page by default', async () => {
    await storeMessages(Array.from({ length: 51 }, (_, index) => [`m${index}`, EARLY]));
    const { items, nextCursor } = await messages.list();
    expect(items).toHaveLength(50);
    expect(nextCursor).toEqual(expect.any(String));
  });

  it('neither repeats nor hides a row when others are added before or behind the cursor', async () => {
    await storeMessages([
      ['b', EARLY],
      ['d', EARLY],
      ['f', EARLY],
    ]);
    const first = await messages.list({ limit: 2 });
    expect(first.items.map(({ id }) => id)).toEqual(['f', 'd']);
    await storeMessages([
      ['e', EARLY],
      ['c', EARLY],
      ['z', LATE],
    ]);
    const rest = await messages.list({ limit: 5, cursor: first.nextCursor! });
    expect(rest.items.map(({ id }) => id)).toEqual(['c', 'b']);
  });

  it('keeps the filter of the query', async () => {
    await storeMessages([
      ['a', EARLY],
      ['b', LATE],
      ['c', LATE],
    ]);
    const since = new Date(LATE);
    const pages = await pagesOf((cursor) => messages.list({ limit: 1, cursor, since }));
    expect(pages).toEqual([['c'], ['b']]);
  });

  it('returns every row once although PostgreSQL has microseconds and a cursor milliseconds', async () => {
    const id = (digit: number) => `00000000-0000-4000-8000-00000000000${digit}`;
    // Within one millisecond, by their ids; the microseconds say the contrary.
    await storeReplays([
      [id(3), '2026-01-01T00:00:00.000100Z'],
      [id(2), '2026-01-01T00:00:00.000500Z'],
      [id(1), '2026-01-01T00:00:00.000900Z'],
      [id(4), '2026-01-01T00:00:00.001000Z'],
      [id(5), '2025-12-31T23:59:59.999999Z'],
    ]);
    for (const limit of [1, 2, 3]) {
      const pages = await pagesOf((cursor) => replays.list({ limit, cursor }));
      expect(pages.flat()).toEqual([id(4), id(3), id(2), id(1), id(5)]);
    }
  });

  it('takes texts with quotes and other scripts as they are', async () => {
    const ids = ["O'Brien", '"; DROP TABLE x', 'Ελληνικά', '\\', ''];
    await storeMessages(ids.map((id) => [id, EARLY]));
    const pages = await messagePages(1);
    expect(pages.flat().sort()).toEqual([...ids].sort());
  });

  describe('refuses', () => {
    const UUID = '00000000-0000-4000-8000-000000000001';

    it('the cursor of another list', async () => {
      await storeMessages([
        ['a', EARLY],
        ['b', EARLY],
      ]);
      const { nextCursor } = await messages.list({ limit: 1 });
      const cursor = nextCursor!;
      await expect(replays.list({ cursor })).rejects.toThrow(InvalidCursorError);
      await expect(app.application.get(OptOutLedger).list({ cursor })).rejects.toThrow(InvalidCursorError);
      await expect(app.application.get(EventQueries).list({ cursor })).rejects.toThrow(InvalidCursorError);
    });

    it.each([
      ['an empty text', ''],
      ['no base64', '%%%'],
      ['no JSON', Buffer.from('nonsense').toString('base64url')],
      ['an object', cursorOf({ 0: EARLY, 1: 'a', length: 2 })],
      ['too few values', cursorOf([EARLY])],
      ['too many values', cursorOf([EARLY, 'a', 'b'])],
      ['a value that is no text', cursorOf([EARLY, 1])],
      ['a text with NUL', cursorOf([EARLY, 'a\0b'])],
      ['a time that is none', cursorOf(['yesterday', 'a'])],
      ['a time in another format', cursorOf(['2026-01-01', 'a'])],
      ['a day that does not exist', cursorOf(['2026-02-30T00:00:00.000Z', 'a'])],
      ['an hour that does not exist', cursorOf(['2026-01-01T25:00:00.000Z', 'a'])],
      ['the year 0, which PostgreSQL does not have', cursorOf(['0000-01-01T00:00:00.000Z', 'a'])],
      ['a year after 9999', cursorOf(['+275760-09-13T00:00:00.000Z', 'a'])],
    ])('%s', async (_what, cursor) => {
      await expect(messages.list({ cursor })).rejects.toMatchObject({
        code: 'POSTACK_CURSOR_INVALID',
        message: '"cursor" must be the "nextCursor" of the page before, unchanged',
      });
    });

    it.each(['nonsense', UUID.replaceAll('-', ''), `{${UUID}}`, `${UUID}0`, ''])(
      'for a UUID: %j',
      async (id) => {
        await expect(replays.list({ cursor: cursorOf([EARLY, id]) })).rejects.toThrow(InvalidCursorError);
      },
    );

    it.each(['9223372036854775808', '1e3', '-1', '1.5', ' 1', ''])('for a bigint: %j', async (id) => {
      const events = app.application.get(EventQueries);
      await expect(events.list({ cursor: cursorOf([id]) })).rejects.toThrow(InvalidCursorError);
    });
  });

  it.each([
    ['the first year', ['0001-01-01T00:00:00.000Z', '']],
    ['the last year', ['9999-12-31T23:59:59.999Z', 'z']],
    ['a leap day', ['2028-02-29T00:00:00.000Z', 'a']],
  ])('accepts what PostgreSQL does: %s', async (_what, position) => {
    await expect(messages.list({ cursor: cursorOf(position) })).resolves.toMatchObject({ items: [] });
  });
});
