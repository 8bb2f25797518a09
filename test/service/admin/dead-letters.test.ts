import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { UndeliveredListener } from '../../../src/failures/undelivered.listener.js';
import { type DeadLetter, type Page, PermanentError, type ReplayReceipt } from '../../../src/index.js';
import { waitForEvent, waitForListener } from '../../../src/testing/index.js';
import { ADAPTERS, messageBody } from '../../support/test-application.js';
import { startTestService, type TestAnswer, type TestService } from '../../support/test-service.js';

const LISTENER = 'failures.warn';

describe.each(ADAPTERS)('DeadLettersController, on %s', (adapter) => {
  let service: TestService;
  let get: TestService['get'];
  let send: TestService['send'];

  beforeAll(async () => {
    service = await startTestService({ POSTACK_HTTP_ADAPTER: adapter });
    ({ get, send } = service);
    // The listener fails on purpose.
    Logger.overrideLogger(false);
  });
  afterAll(() => service.close());
  beforeEach(() => service.database.query('TRUNCATE postack.delivery, postack.inbox_event'));
  afterEach(() => {
    jest.restoreAllMocks();
  });

  async function dead(data: Record<string, unknown> = {}): Promise<string> {
    const listener = service.running.application.get(UndeliveredListener, { strict: false });
    jest.spyOn(listener, 'onUndelivered').mockImplementation(() => {
      throw new PermanentError('The CRM does not take it');
    });
    const id = await service.post(messageBody('message.failed', data));
    await waitForListener(service.running.application, id, LISTENER, 'dead');
    jest.restoreAllMocks();
    return id;
  }
  const expectProblem = (answer: TestAnswer<unknown>, status: number, detail: RegExp | string) => {
    expect(answer.contentType).toMatch(/^application\/problem\+json/);
    expect(answer).toMatchObject({
      status,
      body: { status, detail: typeof detail === 'string' ? detail : expect.stringMatching(detail) },
    });
  };
  const listed = async (query = '') =>
    (await get<Page<DeadLetter>>(`/api/v1/dead-letters${query}`)).body.items.map(({ eventId }) => eventId);
  const at = (id: string) => `/api/v1/dead-letters/${id}/${LISTENER}`;
  const isDone = ({ status }: { status: string }) => status === 'done';

  it('are listed and found, with their errors and payloads', async () => {
    const first = await dead();
    const second = await dead({ text: 'ünïcode 📞' });
    expect(await listed()).toEqual([second, first]);
    expect(await listed(`?listener=${LISTENER}&type=message.failed&since=2026-01-01`)).toEqual([
      second,
      first,
    ]);
    expect(await listed('?listener=other')).toEqual([]);
    expect(await listed('?until=2026-01-01')).toEqual([]);
    const { body } = await get<Page<DeadLetter>>('/api/v1/dead-letters?limit=1');
    expect(await listed(`?cursor=${body.nextCursor}`)).toEqual([first]);
    expect(await get(at(second))).toMatchObject({
      status: 200,
      body: {
        ...(body.items[0] as object),
        status: 'dead',
        payload: { type: 'message.failed', data: { text: 'ünïcode 📞' } },
        firstError: { name: 'PermanentError', message: 'The CRM does not take it' },
        lastError: { name: 'PermanentError', stack: expect.any(String) },
      },
    });
  });

  it('are redriven one by one', async () => {
    const id = await dead();
    expect(await send(`${at(id)}/redrive`)).toMatchObject({ status: 202, body: { scheduled: 1 } });
    await expect(waitForEvent(service.running.application, id, isDone)).resolves.toMatchObject({
      listeners: [{ reason: 'initial' }, { reason: 'redrive', attempts: 1 }],
    });
    expectProblem(
      await send(`${at(id)}/redrive`),
      409,
      `The event "${id}" is not a dead letter of "${LISTENER}": its status is done`,
    );
    expectProblem(await get(at(id)), 404, /has no dead letter for/);
  });

  it('are redriven by filter', async () => {
    const ids = [await dead(), await dead()];
    const redrive = (body: unknown) => send<ReplayReceipt>('/api/v1/dead-letters/redrive', body);
    expect((await redrive({ dryRun: true, listener: LISTENER })).body).toEqual({
      matched: 2,
      scheduled: 0,
      replayId: null,
    });
    expect(await listed()).toHaveLength(2);
    expect((await redrive({ type: 'message.sent' })).body).toMatchObject({ matched: 0, scheduled: 0 });
    const { status, body } = await redrive({ ratePerSecond: 1000 });
    expect([status, body]).toEqual([202, { matched: 2, scheduled: 2, replayId: expect.any(String) }]);
    for (const id of ids) await waitForEvent(service.running.application, id, isDone);
    expect(await listed()).toEqual([]);
    expectProblem(
      await redrive({ status: 'dead' }),
      400,
      'unknown parameter "status"; known: dryRun, endpoint, listener, ratePerSecond, since, type, until',
    );
  });

  it('are discarded with a reason, which is kept', async () => {
    const id = await dead();
    for (const body of [undefined, {}, { reason: '' }, { reason: 3 }, { reason: 'x'.repeat(1001) }]) {
      expectProblem(
        await send(`${at(id)}/discard`, body),
        400,
        'reason must be a string of 1 to 1000 characters',
      );
    }
    const discarded = { status: 'discarded', discardReason: 'A test number' };
    expect(await send(`${at(id)}/discard`, { reason: 'A test number' })).toMatchObject({
      status: 200,
      body: discarded,
    });
    expect(await listed()).toEqual([]);
    expect((await get(at(id))).body).toMatchObject(discarded);
    expectProblem(await send(`${at(id)}/discard`, { reason: 'x' }), 409, /: its status is discarded$/);
    expect((await get(`/api/v1/events/${id}`)).body).toMatchObject({ status: 'done' });
  });

  it('of a listener that is gone can only be discarded', async () => {
    const id = await dead();
    await service.database.query(`UPDATE postack.delivery SET handler = 'gone' WHERE handler = $1`, [
      LISTENER,
    ]);
    expect((await get<Page<DeadLetter>>('/api/v1/dead-letters')).body.items).toMatchObject([
      { handler: 'gone', kind: null },
    ]);
    expectProblem(await send(`/api/v1/dead-letters/${id}/gone/redrive`), 409, /"gone" any more: restore it/);
    expect((await send(`/api/v1/dead-letters/${id}/gone/discard`, { reason: 'gone' })).status).toBe(200);
  });

  it('that do not exist get 404', async () => {
    const missing = '/api/v1/dead-letters/msg_missing/x';
    const detail = '"x" has no dead letter for an event with the svix-id "msg_missing"';
    expectProblem(await get(missing), 404, detail);
    expectProblem(await send(`${missing}/redrive`), 404, detail);
    expectProblem(await send(`${missing}/discard`, { reason: 'x' }), 404, detail);
  });
});
