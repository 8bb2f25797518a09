import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { UndeliveredListener } from '../../../src/failures/undelivered.listener.js';
import { waitForEvent } from '../../../src/testing/index.js';
import { ADAPTERS, messageBody } from '../../support/test-application.js';
import { startTestService, type TestAnswer, type TestService } from '../../support/test-service.js';

interface List {
  items: { id: string; receivedAt: string; [field: string]: unknown }[];
  nextCursor: string | null;
}

const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

describe.each(ADAPTERS)('AdminModule, on %s', (adapter) => {
  let service: TestService;
  let get: TestService['get'];

  beforeAll(async () => {
    service = await startTestService({ POSTACK_HTTP_ADAPTER: adapter });
    ({ get } = service);
    // Listeners fail here on purpose.
    Logger.overrideLogger(false);
  });
  afterAll(() => service.close());
  beforeEach(() => service.database.query('TRUNCATE postack.inbox_event, postack.message CASCADE'));
  afterEach(() => {
    jest.restoreAllMocks();
  });

  const ids = ({ body }: TestAnswer<List>) => body.items.map(({ id }) => id);
  const settled = (id: string) => waitForEvent(service.running.application, id);
  const expectProblem = (answer: TestAnswer<unknown>, status: number, detail: RegExp | string) => {
    expect(answer.contentType).toMatch(/^application\/problem\+json/);
    expect(answer).toMatchObject({
      status,
      body: {
        type: 'about:blank',
        title: expect.any(String),
        status,
        detail: typeof detail === 'string' ? detail : expect.stringMatching(detail),
      },
    });
  };

  describe('asks for the admin key', () => {
    it.each(['/api/v1/events', '/api/v1/events/msg_1', '/api/v1/messages', '/api/v1/messages/SM1?x=y'])(
      'at %s',
      async (path) => {
        for (const key of [
          null,
          '',
          'admin-key-of-the-test',
          'admin-key-of-the-tests2',
          'ключ'.normalize(),
        ]) {
          const answer = await get(path, key === null ? null : encodeURI(key));
          expectProblem(answer, 401, 'Send the header "Authorization: Bearer <POSTACK_ADMIN_KEY>"');
          expect(answer.headers.get('www-authenticate')).toBe('Bearer');
        }
      },
    );

    it('as a bearer token only', async () => {
      const url = `${service.running.origin}/api/v1/events`;
      for (const authorization of ['admin-key-of-the-tests', 'Basic admin-key-of-the-tests', 'Bearer']) {
        expect((await fetch(url, { headers: { authorization } })).status).toBe(401);
      }
    });
  });

  describe('lists events', () => {
    it('newest first, with what is known of each', async () => {
      const occurred = new Date(Date.now() - 60_000);
      const older = await service.post(messageBody('message.received', {}, occurred));
      const newer = await service.post('no event at all');
      const { status, body, contentType } = await get<List>('/api/v1/events');
      expect(status).toBe(200);
      expect(contentType).toMatch(/^application\/json/);
      expect(body).toEqual({
        items: [
          expect.objectContaining({ id: newer, type: null, status: 'quarantined' }),
          {
            id: older,
            type: 'message.received',
            status: expect.stringMatching(/^(pending|done)$/),
            occurredAt: occurred.toISOString(),
            receivedAt: expect.stringMatching(ISO),
          },
        ],
        nextCursor: null,
      });
    });

    it('by type, by status and by when they were received', async () => {
      const received = await service.post(messageBody('message.received'));
      const unknown = await service.post({ type: 'number.ported', data: {} });
      const quarantined = await service.post('[]');
      for (const id of [received, unknown]) await settled(id);
      const listed = async (filter: string) => ids(await get<List>(`/api/v1/events?${filter}`));
      expect(await listed('type=message.received')).toEqual([received]);
      expect(await listed('type=number.ported')).toEqual([unknown]);
      expect(await listed('type=MESSAGE.RECEIVED')).toEqual([]);
      expect(await listed('status=done')).toEqual([received]);
      expect(await listed('status=unhandled')).toEqual([unknown]);
      expect(await listed('status=quarantined')).toEqual([quarantined]);
      expect(await listed('type=message.received&status=unhandled')).toEqual([]);

      await service.database.query(
        `UPDATE postack.inbox_event SET received_at = '2026-01-31T08:00:00Z' WHERE svix_id = $1`,
        [unknown],
      );
      expect(await listed('since=2026-01-31T08:00:00.001Z')).toEqual([quarantined, received]);
      for (const since of [
        '2026-01-31',
        '2026-01-31T08:00',
        '2026-01-31T08:00:00Z',
        '2026-01-31T09:00:00%2B01:00',
      ]) {
        expect([since, await listed(`since=${since}`)]).toEqual([since, [quarantined, unknown, received]]);
      }
    });

    it('page by page, each once, also while new ones arrive', async () => {
      const posted: string[] = [];
      for (let i = 0; i < 7; i += 1) posted.unshift(await service.post(messageBody('message.sent')));
      const paged: string[] = [];
      const sizes: number[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const answer: TestAnswer<List> = await get(`/api/v1/events?limit=3${cursor && `&cursor=${cursor}`}`);
        paged.push(...ids(answer));
        sizes.push(answer.body.items.length);
        cursor = answer.body.nextCursor;
        await service.post(messageBody('message.sent'));
      }
      expect(paged).toEqual(posted);
      expect(sizes).toEqual([3, 3, 1]);
    });

    it('fifty at a time unless asked for more or less', async () => {
      await Promise.all(Array.from({ length: 51 }, () => service.post('[]')));
      const first = await get<List>('/api/v1/events');
      expect(ids(first)).toHaveLength(50);
      expect(ids(await get<List>(`/api/v1/events?cursor=${first.body.nextCursor}`))).toHaveLength(1);
      expect(ids(await get<List>('/api/v1/events?limit=500'))).toHaveLength(51);
    });
  });

  describe('refuses', () => {
    it.each([
      ['events?limit=0', 'limit must be a whole number from 1 to 500'],
      ['events?limit=501', 'limit must be a whole number from 1 to 500'],
      ['events?limit=ten', 'limit must be a whole number from 1 to 500'],
      ['events?limit=', 'limit must be a whole number from 1 to 500'],
      ['events?limit=1&limit=2', 'limit must be a whole number from 1 to 500'],
      ['messages?limit=1.5', 'limit must be a whole number from 1 to 500'],
      ['events?since=yesterday', /^since must be a time in ISO 8601, like /],
      ['events?since=2026-02-31', /^since must be/],
      ['events?since=2026-13-01T00:00:00Z', /^since must be/],
      ['events?since=2026-01-31T25:00:00Z', /^since must be/],
      ['events?since=2026-01-31T08:00:00+01:00', /in a URL, write \+ as %2B/],
      ['messages?since=1', /^since must be/],
      ['events?status=lost', 'status must be one of pending, done, retrying, dead, quarantined, unhandled'],
      ['events?type=a&type=b', 'type must be given once'],
      ['messages?direction=up', 'direction must be inbound or outbound'],
      ['messages?state=lost', /^state must be one of /],
      ['events?cursor=nonsense', '"cursor" must be the "nextCursor" of the page before, unchanged'],
      ['messages?cursor=e30', '"cursor" must be the "nextCursor" of the page before, unchanged'],
      [`events?cursor=${'x'.repeat(1001)}`, /^cursor must be the "nextCursor"/],
      [
        'events?direction=inbound',
        'unknown parameter "direction"; known: cursor, endpoint, limit, since, status, type',
      ],
      ['messages?Limit=1', 'unknown parameter "Limit"; known: cursor, direction, limit, since, state'],
      ['events?type=%00', /^A parameter value cannot be stored in the database/],
    ])('%s', async (path, detail) => {
      expectProblem(await get(`/api/v1/${path}`), 400, detail);
    });

    it('every invalid parameter at once, one line each', async () => {
      const { body } = await get<{ errors: string[] }>('/api/v1/events?limit=x&status=y&foo=z');
      expect(body.errors.map((error) => error.split(' ').slice(0, 2).join(' ')).sort()).toEqual([
        'limit must',
        'status must',
        'unknown parameter',
      ]);
    });

    it.each<[number, string, string, RegExp | string]>([
      [404, 'an event', 'events/msg_missing', 'There is no event with the svix-id "msg_missing"'],
      [404, 'a message', 'messages/SM-missing', 'There is no message with the id "SM-missing"'],
      [404, 'percent-encoded', 'events/a%2Fb%20c%3F%25', 'There is no event with the svix-id "a/b c?%"'],
      [404, 'very long', `events/${'x'.repeat(8000)}`, /^There is no event with the svix-id "x{8000}"$/],
      [404, 'long and not ASCII', `messages/${'%F0%9F%93%9E'.repeat(600)}`, /^There is no message/],
      [404, 'no route', 'nothing', /./],
      [400, 'NUL', 'events/%00', /^A parameter value cannot be stored in the database/],
      [400, 'NUL inside', 'messages/a%00b', /^A parameter value cannot be stored in the database/],
      [400, 'malformed', 'events/%E0%A4%A', /./],
    ])('with %i a resource that does not exist or cannot exist: %s', async (status, _what, path, detail) => {
      expectProblem(await get(`/api/v1/${path}`), status, detail);
    });
  });

  describe('returns one event', () => {
    it('its payload and every handler', async () => {
      const body = messageBody('message.failed', { errorCode: '30003', text: 'ünïcode 📞' });
      const id = await service.post(body);
      await settled(id);
      const { status, body: event } = await get(`/api/v1/events/${id}`);
      expect(status).toBe(200);
      expect(event).toMatchObject({
        id,
        type: 'message.failed',
        status: 'done',
        payload: body,
        projections: [{ name: 'messages', status: 'done' }],
        listeners: [
          { name: 'failures.react', status: 'done', attempts: 1 },
          { name: 'failures.warn', status: 'done', attempts: 1, lastError: null, nextAttemptAt: null },
        ],
      });
    });

    it('why a listener fails and when it is called again', async () => {
      const listener = service.running.application.get(UndeliveredListener, { strict: false });
      jest.spyOn(listener, 'onUndelivered').mockImplementation(() => {
        throw new TypeError('The CRM is away');
      });
      const id = await service.post(messageBody('message.undelivered'));
      await waitForEvent(service.running.application, id, ({ listeners }) =>
        listeners.some(({ nextAttemptAt }) => nextAttemptAt !== null && nextAttemptAt.getTime() > Date.now()),
      );
      const { body: event } = await get(`/api/v1/events/${id}`);
      const failure = { name: 'TypeError', message: 'The CRM is away', at: expect.stringMatching(ISO) };
      expect(event).toMatchObject({
        status: 'retrying',
        projections: [{ name: 'messages', status: 'done' }],
        listeners: [
          { name: 'failures.react' },
          {
            name: 'failures.warn',
            status: 'retrying',
            attempts: 1,
            firstError: failure,
            lastError: failure,
            nextAttemptAt: expect.stringMatching(ISO),
          },
        ],
      });
      expect(ids(await get<List>('/api/v1/events?status=retrying'))).toEqual([id]);
    });

    it('why it is quarantined, with its text', async () => {
      const id = await service.post('{"type": "message.received", ');
      expect((await get(`/api/v1/events/${id}`)).body).toMatchObject({
        id,
        type: null,
        status: 'quarantined',
        payload: '{"type": "message.received", ',
        quarantineReason: expect.stringMatching(/./),
        projections: [],
        listeners: [],
      });
    });

    it('whose id is as long and odd as an id may be', async () => {
      const id = `msg/${'ab c%2F?#&'.repeat(24)}`;
      await service.post(messageBody('message.sent'), { id });
      expect(await get(`/api/v1/events/${encodeURIComponent(id)}`)).toMatchObject({
        status: 200,
        body: { id },
      });
    });
  });
});
