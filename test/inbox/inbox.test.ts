import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EventParser } from '../../src/events/event-parser.js';
import { UnrecognizedEvents } from '../../src/events/unrecognized-events.js';
import { EventsOptions } from '../../src/events/events.options.js';
import { Inbox, type SignatureFacts } from '../../src/inbox/inbox.js';
import { InboxOptions } from '../../src/inbox/inbox.options.js';
import { JobsOptions } from '../../src/jobs/jobs.options.js';
import { OwnPool } from '../../src/database/own-pool.js';
import { PostackDatabase } from '../../src/database/postack-database.js';
import type { DataSource } from 'typeorm';
import { createTestDatabase, openDataSource, type TestDatabase } from '../support/test-database.js';

interface Row {
  svix_id: string;
  type: string | null;
  status: string;
  body: Buffer;
  quarantine_reason: string | null;
}

describe('Inbox', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let inbox: Inbox;

  let pool: OwnPool;

  const newInbox = (options: Partial<InboxOptions> = {}) =>
    new Inbox(
      new InboxOptions(options),
      new JobsOptions(),
      new PostackDatabase(dataSource),
      pool,
      new EventParser(new EventsOptions()),
      new UnrecognizedEvents(new EventParser(new EventsOptions())),
    );
  let ids = 0;
  const signed = (facts: Partial<SignatureFacts> = {}): SignatureFacts => ({
    id: `msg_${++ids}`,
    signedAtMs: Date.parse('2026-01-02T03:04:05Z'),
    clockSkewMs: 1000,
    secretFingerprint: 'abcdef01',
    ...facts,
  });
  const rowsOf = (idList: string[]) =>
    database.query<Row>(
      `SELECT svix_id, type, status, body, quarantine_reason FROM postack.inbox_event
       WHERE svix_id = ANY ($1) ORDER BY id`,
      [idList],
    );

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await openDataSource(database.url);
    pool = new OwnPool(new PostackDatabase(dataSource));
    inbox = newInbox();
  });
  afterAll(async () => {
    await pool.onApplicationShutdown();
    await dataSource.destroy();
    await database.drop();
  });

  it('stores the bytes as they are, with the facts of their verification', async () => {
    const body = Buffer.from(
      '{ "type":"message.sent",\r\n "timestamp": "2026-03-04T05:06:07.890Z", "x": "\\u00e9" }  ',
    );
    const facts = signed();
    await expect(inbox.accept('default', facts, body)).resolves.toBe('accepted');
    const [row] = await database.query<Record<string, unknown>>(
      'SELECT * FROM postack.inbox_event WHERE svix_id = $1',
      [facts.id],
    );
    expect(row).toMatchObject({
      endpoint: 'default',
      type: 'message.sent',
      status: 'pending',
      body,
      secret_fingerprint: 'abcdef01',
      clock_skew_ms: 1000,
      occurred_at: new Date('2026-03-04T05:06:07.890Z'),
      quarantine_reason: null,
    });
  });

  it('takes the signed time when the payload tells none', async () => {
    const facts = signed();
    await inbox.accept('default', facts, Buffer.from('{"type":"x","timestamp":"soon"}'));
    const rows = await database.query<{ occurred_at: Date }>(
      'SELECT occurred_at FROM postack.inbox_event WHERE svix_id = $1',
      [facts.id],
    );
    expect(rows[0]?.occurred_at).toEqual(new Date(facts.signedAtMs));
  });

  it.each([
    ['bytes that are no JSON', Buffer.from('hello'), /not JSON/],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), /not JSON in UTF-8/],
    ['nothing', Buffer.alloc(0), /not JSON/],
    ['a JSON array', Buffer.from('[]'), /no event type/],
    ['a JSON text', Buffer.from('"Hi"'), /not an object or a list/],
    ['an object without a type', Buffer.from('{"data":{}}'), /no event type/],
    ['an endless type', Buffer.from(`{"type":"${'x'.repeat(201)}"}`), /longer than 200/],
  ])('quarantines %s, byte for byte', async (_what, body, reason) => {
    const facts = signed();
    await expect(inbox.accept('default', facts, body)).resolves.toBe('quarantined');
    const [row] = await rowsOf([facts.id]);
    expect(row).toMatchObject({ status: 'quarantined', type: null, body });
    expect(row?.quarantine_reason).toMatch(reason);
  });

  it('stores an id once, however often and at the same time it comes', async () => {
    const facts = signed();
    const other = newInbox();
    const body = Buffer.from('{"type":"message.sent"}');
    const receipts = await Promise.all(
      Array.from({ length: 60 }, (_, index) => (index % 2 ? inbox : other).accept('default', facts, body)),
    );
    expect(receipts.filter((receipt) => receipt === 'accepted')).toHaveLength(1);
    expect(receipts.filter((receipt) => receipt === 'duplicate')).toHaveLength(59);
    await expect(rowsOf([facts.id])).resolves.toHaveLength(1);
    await expect(inbox.accept('default', facts, body)).resolves.toBe('duplicate');
  });

  it('keeps the events of different endpoints apart', async () => {
    const facts = signed();
    const body = Buffer.from('{"type":"message.sent"}');
    await expect(inbox.accept('default', facts, body)).resolves.toBe('accepted');
    await expect(inbox.accept('second', facts, body)).resolves.toBe('accepted');
    await expect(rowsOf([facts.id])).resolves.toHaveLength(2);
  });

  it('commits many at once without deadlock when two processes store the same ids in different orders', async () => {
    const facts = Array.from({ length: 400 }, () => signed());
    const body = Buffer.from('{"type":"message.sent"}');
    const other = newInbox();
    const receipts = await Promise.all([
      ...facts.map((one) => inbox.accept('default', one, body)),
      ...[...facts].reverse().map((one) => other.accept('default', one, body)),
    ]);
    expect(receipts.filter((receipt) => receipt === 'accepted')).toHaveLength(400);
    await expect(rowsOf(facts.map(({ id }) => id))).resolves.toHaveLength(400);
  });

  it('does not let one row that PostgreSQL refuses fail its neighbours', async () => {
    await database.query(`ALTER TABLE postack.inbox_event ADD CONSTRAINT no_poison CHECK (type <> 'poison')`);
    const facts = [signed(), signed(), signed({ clockSkewMs: 2 ** 40 }), signed()];
    const bodies = ['{"type":"a"}', '{"type":"poison"}', '{"type":"b"}', '{"type":"c"}'].map((body) =>
      Buffer.from(body),
    );
    const results = await Promise.allSettled(
      facts.map((one, index) => inbox.accept('default', one, bodies[index]!)),
    );
    expect(results[0]).toEqual({ status: 'fulfilled', value: 'accepted' });
    // What can be kept is kept: the bytes, where a person can look at them.
    expect(results[1]).toEqual({ status: 'fulfilled', value: 'quarantined' });
    // What cannot be stored at all is not acknowledged.
    expect(results[2]).toMatchObject({ status: 'rejected', reason: { code: 'POSTACK_INBOX_UNAVAILABLE' } });
    expect(results[3]).toEqual({ status: 'fulfilled', value: 'accepted' });
    const rows = await rowsOf(facts.map(({ id }) => id));
    expect(rows.map(({ status }) => status).sort()).toEqual(['pending', 'pending', 'quarantined']);
  });
});
