import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { waitForEvent } from '../../../src/testing/index.js';
import { ADAPTERS, messageBody } from '../../support/test-application.js';
import { startTestService, TEST_ADMIN_KEY, type TestService } from '../../support/test-service.js';
import { waitUntil } from '../../support/wait-until.js';

interface List {
  items: Record<string, unknown>[];
  nextCursor: string | null;
}

const PEER = '+15550100001';
const OWN = '+15550100002';
const AUTHORIZATION = { authorization: `Bearer ${TEST_ADMIN_KEY}` };

describe.each(ADAPTERS)('OptOutsController, on %s', (adapter) => {
  let service: TestService;

  beforeAll(async () => {
    service = await startTestService({ POSTACK_HTTP_ADAPTER: adapter });
  });
  afterAll(() => service.close());
  beforeEach(() => service.database.query('TRUNCATE postack.opt_out, postack.opt_out_evidence'));

  const path = (rest = '') => `/api/v1/opt-outs${rest}`;
  /** A customer writes. @returns the id of the event, once it is processed. */
  async function write(text: string): Promise<string> {
    const id = await service.post(messageBody('message.received', { text, from: PEER, to: OWN }));
    await waitForEvent(service.running.application, id);
    return id;
  }
  const optIn = (number: string, body?: unknown) =>
    service.send<{ detail: string }>(path(`/${number}/opt-in`), body);
  async function upload(body: BodyInit, headers: Record<string, string> = { 'content-type': 'text/csv' }) {
    const answer = await fetch(`${service.running.origin}${path('/import?reason=moved')}`, {
      method: 'POST',
      headers: { ...AUTHORIZATION, ...headers },
      body,
      ...(body instanceof ReadableStream && { duplex: 'half' }),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  }
  const counts = {
    ...{ imported: 0, unchanged: 0, rejected: 0, errors: [] },
    takenAs: { shortCodes: 0, names: 0, withoutPlus: 0 },
  };

  it('are listed, found by number, and returned with their evidence', async () => {
    const eventId = await write('STOP');
    const { body: list } = await service.get<List>(path());
    expect(list).toEqual({
      items: [
        expect.objectContaining({ peer: PEER, ownNumber: OWN, optedOut: true, keyword: 'STOP', eventId }),
      ],
      nextCursor: null,
    });
    for (const query of [`?number=${PEER}`, '?number=%2B15550100001', `?ownNumber=${OWN}&isOptedOut=true`]) {
      expect((await service.get(path(query))).body).toEqual(list);
    }
    for (const query of ['?isOptedOut=false', '?number=12345', '?since=2199-01-01']) {
      expect((await service.get<List>(path(query))).body.items).toEqual([]);
    }
    expect((await service.get<List>(path(`/${PEER}/history`))).body.items).toEqual([
      expect.objectContaining({ action: 'opt-out', source: 'message', eventId, changed: true }),
    ]);
  });

  it('are added and ended by an operator', async () => {
    expect(await service.send(path(), { number: PEER, reason: 'by phone' })).toMatchObject({
      status: 200,
      body: { peer: PEER, ownNumber: '', optedOut: true, source: 'admin', reason: 'by phone' },
    });
    expect(await optIn('%2B15550100001', { ownNumber: OWN, reason: 'by mail' })).toMatchObject({
      status: 200,
      body: { peer: PEER, ownNumber: OWN, optedOut: false, source: 'admin', reason: 'by mail' },
    });
    expect(await optIn(PEER, { reason: 'by mail' })).toMatchObject({
      status: 404,
      body: { detail: expect.stringContaining('is not opted out') },
    });
    await service.send(path(), { number: PEER, reason: 'by phone' });
    // Any spelling of the number, percent-encoded.
    expect(await optIn(encodeURIComponent('+1 (555) 010-0001'), { reason: 'by mail' })).toMatchObject({
      status: 200,
      body: { peer: PEER, ownNumber: '', optedOut: false },
    });
    expect((await service.get<List>(path('?isOptedOut=true'))).body.items).toEqual([]);
  });

  it.each<[string, string, unknown, number, string]>([
    ['no body', PEER, undefined, 400, 'reason must be a string of 1 to 1000 characters'],
    ['no reason', PEER, {}, 400, 'reason must be a string of 1 to 1000 characters'],
    ['an empty reason', PEER, { reason: '' }, 400, 'reason must be a string of 1 to 1000 characters'],
    ['a blank reason', PEER, { reason: ' ' }, 400, '"reason" must be a '],
    ['a NUL in the reason', PEER, { reason: 'a\0b' }, 400, '"reason" must not contain the character NUL'],
    ['a number in the body', PEER, { number: PEER, reason: 'r' }, 400, 'unknown parameter "number"; known:'],
    ['an own number that is none', PEER, { ownNumber: '555', reason: 'r' }, 404, 'is not opted out of '],
    [
      'a wrong own number',
      PEER,
      { ownNumber: '+1', reason: 'r' },
      400,
      '"ownNumber" must be a number with +',
    ],
    ['an own number of another type', PEER, { ownNumber: 1, reason: 'r' }, 400, 'ownNumber must be a phone'],
    ['a wrong number', '5550100001', { reason: 'r' }, 400, 'the number must be a number with + and country'],
    ['a NUL in the number', '%2B1555%000001', { reason: 'r' }, 400, 'the number must be a number with +'],
    ['malformed encoding', '%2B1555%', { reason: 'r' }, 400, ''],
    ['a number that never opted out', '+15550100009', { reason: 'r' }, 404, 'is not opted out'],
  ])('are not ended with %s', async (_what, number, body, status, detail) => {
    const answer = await optIn(number, body);
    expect(answer).toMatchObject({
      status,
      contentType: expect.stringMatching(/^application\/problem\+json/),
    });
    expect(answer.body.detail).toContain(detail);
    expect((await service.get<List>(path())).body.items).toEqual([]);
  });

  it('that need a review are decided by an operator, once', async () => {
    const eventId = await write('please stop texting me');
    const { body } = await service.get<List>(path('/reviews'));
    expect(body.items).toEqual([expect.objectContaining({ action: 'review', eventId, resolvedAt: null })]);
    const review = path(`/reviews/${String(body.items[0]?.['id'])}`);
    const decision = { decision: 'opt-out', reason: 'clear enough' };
    expect((await service.send(review, decision)).status).toBe(200);
    expect((await service.send(review, decision)).status).toBe(409);
    expect((await service.get<List>(path('/reviews'))).body.items).toEqual([]);
    expect((await service.get<List>(path('/reviews?isOpen=false'))).body.items).toHaveLength(1);
    expect((await service.get<List>(path())).body.items).toHaveLength(1);
  });

  it('are exported as a file that can be imported', async () => {
    await write('STOP');
    const answer = await fetch(`${service.running.origin}${path('/export')}`, { headers: AUTHORIZATION });
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="opt-outs.csv"');
    const csv = await answer.text();
    expect(csv).toMatch(new RegExp(`^number,.*\\n\\${PEER},\\${OWN},.*,message,STOP,\\n$`));
    expect(await upload(csv)).toEqual({ status: 200, body: { ...counts, unchanged: 1 } });
    await service.database.query('TRUNCATE postack.opt_out');
    const headers = { 'content-type': 'text/csv; charset=utf-8' };
    expect(await upload(csv, headers)).toEqual({ status: 200, body: { ...counts, imported: 1 } });
  });

  it('are imported from a body above the usual size limit, as a stream', async () => {
    const rows = Array.from(
      { length: 30 },
      (_, i) => `+155501${String(i).padStart(5, '0')},${'r'.repeat(1000)}\n`,
    );
    const padding = `+12,${'x'.repeat(8000)}\n`.repeat(200);
    const { status, body } = await upload(new Blob(['number,reason\n', ...rows, padding]).stream());
    expect({ status, ...body }).toMatchObject({ status: 200, imported: 30, rejected: 200 });
  });

  it('reject an invalid list, however long, with a response', async () => {
    const { status, body } = await upload(`name\n${'Jane\n'.repeat(1_000_000)}`);
    expect(status).toBe(400);
    expect(body['detail']).toMatch(/header row: "number"/);
    expect(await upload('number\n"')).toMatchObject({ status: 200, body: { imported: 0, rejected: 1 } });
  });

  it('keep the rows of a client that then disconnects', async () => {
    const rows = Array.from({ length: 1100 }, (_, i) => `+155502${String(i).padStart(5, '0')}\n`);
    let isStored = false;
    const list = new ReadableStream({
      start: (controller) => {
        controller.enqueue(Buffer.from(`number\n${rows.join('')}`));
      },
      pull: async (controller) => {
        await waitUntil(async () => (await service.get<List>(path('?number=%2B15550200999'))).body.items[0], {
          what: () => 'the rows',
        });
        isStored = true;
        controller.error(new Error('gone'));
      },
    });
    await expect(upload(list)).rejects.toThrow();
    expect(isStored).toBe(true);
    expect((await service.get(path())).status).toBe(200);
  });

  it('reject a body of another type, and no body', async () => {
    expect((await upload('{}', { 'content-type': 'application/json' })).status).toBe(415);
    expect((await upload('number\n', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await upload('')).status).toBe(400);
  });

  it('name every invalid parameter', async () => {
    const wrong = await service.get<{ errors: string[] }>(path('?isOptedOut=maybe&since=x&numbr=1'));
    expect(wrong.status).toBe(400);
    expect(wrong.body.errors.toSorted()).toEqual([
      'isOptedOut must be true or false',
      expect.stringMatching(/^since must be a time in ISO 8601/),
      'unknown parameter "numbr"; known: cursor, isOptedOut, limit, number, ownNumber, since',
    ]);
    const empty = await service.send<{ errors: string[] }>(path(), {});
    expect(empty.body.errors.toSorted()).toEqual([
      'number must be a phone number, as a string',
      'reason must be a string of 1 to 1000 characters',
    ]);
    expect(await service.send(path(), { number: '5550100001', reason: 'r' })).toMatchObject({ status: 400 });
    expect(await service.send(path('/reviews/1'), { decision: 'yes', reason: 'r' })).toMatchObject({
      status: 400,
      body: { errors: ['decision must be opt-out or dismiss'] },
    });
    expect(await service.send(path('/import'))).toMatchObject({ status: 400 });
    expect((await service.get(path('/reviews?isOpen=1'))).status).toBe(400);
  });

  it('need the admin key, and are not found for numbers without entries', async () => {
    expect((await service.get(path(), null)).status).toBe(401);
    expect((await service.get(path('/export'), null)).status).toBe(401);
    expect((await service.get(path('/12345/history'))).status).toBe(404);
    expect((await service.send(path('/reviews/1'), { decision: 'dismiss', reason: 'r' })).status).toBe(404);
  });
});
