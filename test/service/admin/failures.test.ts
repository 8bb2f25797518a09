import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitForListener } from '../../../src/testing/index.js';
import { messageBody } from '../../support/test-application.js';
import { startTestService, TEST_ADMIN_KEY, type TestService } from '../../support/test-service.js';

interface List {
  items: Record<string, unknown>[];
  nextCursor: string | null;
}

const PEER = '+15550100001';
const OTHER = '+15550100003';
const AUTHORIZATION = { authorization: `Bearer ${TEST_ADMIN_KEY}` };
const at = (hour: number) => new Date(Date.UTC(2026, 0, 1, hour));

describe('FailuresController', () => {
  let service: TestService;
  let get: TestService['get'];
  let send: TestService['send'];

  const fail = async (id: string, errorCode: string, to: string, hour: number) => {
    const eventId = await service.post(messageBody('message.undelivered', { id, errorCode, to }, at(hour)));
    await waitForListener(service.running.application, eventId, 'failures.react', 'done');
  };
  const ids = async (query = '') =>
    (await get<List>(`/api/v1/failures${query}`)).body.items.map(({ messageId }) => messageId);

  beforeAll(async () => {
    service = await startTestService();
    ({ get, send } = service);
    await fail('SM_a', '30006', PEER, 1);
    await fail('SM_b', '30034', OTHER, 2);
    await fail('SM_c', '30006', OTHER, 3);
  });
  afterAll(() => service.close());

  it('are listed by cause, code, number and time, the latest first, in pages', async () => {
    expect(await ids()).toEqual(['SM_c', 'SM_b', 'SM_a']);
    expect(await ids('?cause=recipient')).toEqual(['SM_c', 'SM_a']);
    expect(await ids('?code=30034')).toEqual(['SM_b']);
    for (const number of [OTHER, encodeURIComponent(OTHER), '+1 (555) 010-0003']) {
      expect(await ids(`?number=${number}`)).toEqual(['SM_c', 'SM_b']);
    }
    expect(await ids('?since=2026-01-01T02:00:00Z&until=2026-01-01T03:00:00Z')).toEqual(['SM_b']);
    const { body } = await get<List>('/api/v1/failures?limit=2');
    expect(await ids(`?limit=2&cursor=${body.nextCursor}`)).toEqual(['SM_a']);
    expect((await get('/api/v1/failures?cause=weather')).status).toBe(400);
    expect((await get('/api/v1/failures?cursor=x')).status).toBe(400);
    expect((await get('/api/v1/failures', null)).status).toBe(401);
  });

  it('are returned one by one, with the recommended action', async () => {
    const { status, body } = await get('/api/v1/failures/SM_b');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ...{ messageId: 'SM_b', code: '30034', causeClass: 'account', state: 'undelivered', to: OTHER },
      ...{ isRetryable: false, reactions: ['alert'], isContradicted: false, resentAs: null },
      meaning: expect.stringContaining('10DLC'),
      action: expect.stringContaining('campaign'),
      failedAt: at(2).toISOString(),
    });
    expect(await get('/api/v1/failures/SM_x')).toMatchObject({ status: 404 });
  });

  it('are acknowledged by a person, once', async () => {
    const acknowledge = (reason: string) => send('/api/v1/failures/SM_b/acknowledge', { reason });
    expect((await acknowledge('')).status).toBe(400);
    expect(await acknowledge('registered now')).toMatchObject({
      status: 200,
      body: { acknowledgedReason: 'registered now', acknowledgedAt: expect.any(String) },
    });
    expect((await acknowledge('again')).status).toBe(409);
    expect((await send('/api/v1/failures/SM_x/acknowledge', { reason: 'x' })).status).toBe(404);
    expect(await ids('?acknowledged=true')).toEqual(['SM_b']);
    expect(await ids('?acknowledged=false')).toEqual(['SM_c', 'SM_a']);
  });

  it('are counted by cause and code', async () => {
    const { body } = await get<List>('/api/v1/failures/summary');
    expect(body).toMatchObject({
      items: [
        { cause: 'recipient', code: '30006', total: 2, unacknowledged: 2, latestAt: at(3).toISOString() },
        { cause: 'account', code: '30034', total: 1, unacknowledged: 0 },
      ],
      reconciliation: { asked: 0, reconciled: 0, expired: 0 },
    });
    const some = await get<List>('/api/v1/failures/summary?since=2026-01-01T03:00:00Z');
    expect(some.body.items).toMatchObject([{ code: '30006', total: 1 }]);
  });

  it('raise alerts, which are listed', async () => {
    const { body } = await get<List>('/api/v1/alerts?state=open&kind=failure');
    expect(body.items).toMatchObject([{ key: '30034', state: 'open', webhook: 'off', occurrences: 1 }]);
    expect((await get<List>('/api/v1/alerts?state=resolved')).body.items).toEqual([]);
    expect((await get('/api/v1/alerts?kind=fire')).status).toBe(400);
  });
});

describe('suppressions in the admin API', () => {
  let service: TestService;
  let get: TestService['get'];
  let send: TestService['send'];
  const path = (rest = '') => `/api/v1/suppressions${rest}`;
  const counts = {
    ...{ imported: 0, unchanged: 0, rejected: 0, errors: [] },
    takenAs: { shortCodes: 0, names: 0, withoutPlus: 0 },
  };

  beforeAll(async () => {
    service = await startTestService();
    ({ get, send } = service);
  });
  afterAll(() => service.close());

  async function upload(body: string) {
    const answer = await fetch(`${service.running.origin}${path('/import?reason=moved')}`, {
      method: 'POST',
      headers: { ...AUTHORIZATION, 'content-type': 'text/csv' },
      body,
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  }

  it('are added, listed and removed, with source and reason', async () => {
    const expiresAt = '2199-01-01T00:00:00.000Z';
    expect(await send(path(), { number: '+1 555 010 0001', reason: 'dead line', expiresAt })).toMatchObject({
      status: 200,
      body: { number: PEER, source: 'admin', reason: 'dead line', expiresAt },
    });
    // The longer one counts.
    const sooner = { number: PEER, reason: 'again', expiresAt: '2198-01-01' };
    expect(await send(path(), sooner)).toMatchObject({ body: { expiresAt, reason: 'dead line' } });
    expect((await get<List>(path(`?number=${PEER}`))).body.items).toHaveLength(1);
    expect((await get<List>(path('?code=30006'))).body.items).toEqual([]);
    const removal = path(`/${encodeURIComponent('+1 555 010 0001')}?reason=a%20new%20phone`);
    expect(await service.delete(removal)).toMatchObject({
      status: 200,
      body: { number: PEER, removedReason: 'a new phone', removedAt: expect.any(String) },
    });
    expect(await service.delete(removal)).toMatchObject({
      status: 404,
      body: { detail: expect.stringContaining('is not suppressed') },
    });
    expect((await get<List>(path())).body.items).toEqual([]);
    expect((await get<List>(path('?isActive=false'))).body.items).toMatchObject([{ number: PEER }]);
  });

  it.each([
    ['no number', { number: 'not a number', reason: 'x' }],
    ['no reason', { number: PEER, reason: ' ' }],
    ['an end that is past', { number: PEER, reason: 'x', expiresAt: '2020-01-01' }],
    ['an unknown field', { number: PEER, reason: 'x', until: '2199-01-01' }],
  ])('are refused with %s', async (_what, body) => {
    expect((await send(path(), body)).status).toBe(400);
  });

  it.each([
    ['no reason', PEER, '', 400, 'reason must be a string of 1 to 1000 characters'],
    ['an empty reason', PEER, '?reason=', 400, 'reason must be a string of 1 to 1000 characters'],
    ['two reasons', PEER, '?reason=a&reason=b', 400, 'reason must be a string of 1 to 1000 characters'],
    ['a blank reason', PEER, '?reason=%20', 400, '"reason" must be a '],
    ['a NUL in the reason', PEER, '?reason=a%00b', 400, '"reason" must not contain the character NUL'],
    ['an unknown parameter', PEER, '?reason=r&why=r', 400, 'unknown parameter "why"; known: reason'],
    ['a wrong number', '5550100001', '?reason=r', 400, 'the number must be a number with + and country code'],
    ['a NUL in the number', '%2B1555%000001', '?reason=r', 400, 'the number must be a number with +'],
    ['malformed encoding', '%2B1555%', '?reason=r', 400, ''],
    ['a number that is not suppressed', '+15550100009', '?reason=r', 404, 'is not suppressed'],
  ])('are not removed with %s', async (_what, number, query, status, detail) => {
    await send(path(), { number: PEER, reason: 'dead line' });
    const answer = await service.delete<{ detail: string }>(path(`/${number}${query}`));
    expect(answer).toMatchObject({
      status,
      contentType: expect.stringMatching(/^application\/problem\+json/),
    });
    expect(answer.body.detail).toContain(detail);
    const { body } = await get<List>(path());
    expect(body.items).toMatchObject([{ number: PEER }]);
  });

  it('are imported, with the wrong rows listed, and exported as a file that can be imported', async () => {
    await service.database.query('TRUNCATE postack.suppression');
    const end = '2199-01-01T00:00:00.000Z';
    const csv = [
      'number,expires_at,code,reason',
      `${PEER},${end},30006,landline`,
      `${OTHER},,,`,
      `${OTHER},2020-01-01,,`,
      '5550100001,,,',
    ].join('\n');
    expect(await upload(csv)).toMatchObject({
      status: 200,
      body: { imported: 2, unchanged: 0, rejected: 2, errors: [{ line: 4 }, { line: 5 }] },
    });
    const answer = await fetch(`${service.running.origin}${path('/export')}`, { headers: AUTHORIZATION });
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    const exported = await answer.text();
    expect(exported.split('\n').map((line) => line.replace(/,\d{4}-[^,]*Z,(?=\d|,)/, ',…,'))).toEqual([
      'number,since,expires_at,source,code,reason',
      `${PEER},…,${end},import,30006,landline`,
      `${OTHER},…,,import,,moved`,
      '',
    ]);
    expect(await upload(exported)).toEqual({ status: 200, body: { ...counts, unchanged: 2 } });
    await service.database.query('TRUNCATE postack.suppression');
    expect(await upload(exported)).toEqual({ status: 200, body: { ...counts, imported: 2 } });
    expect((await upload('name\nAnna\n')).status).toBe(400);
  });
});
