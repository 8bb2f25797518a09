import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { ListenerState } from '../../../src/index.js';
import { waitForEvent, waitForListener } from '../../../src/testing/index.js';
import { messageBody } from '../../support/test-application.js';
import { startTestService, type TestAnswer, type TestService } from '../../support/test-service.js';
import { waitUntil } from '../../support/wait-until.js';

const LISTENER = 'failures.warn';

const expectProblem = (answer: TestAnswer<unknown>, status: number, detail: RegExp | string) => {
  expect(answer.contentType).toMatch(/^application\/problem\+json/);
  expect(answer).toMatchObject({
    status,
    body: { status, detail: typeof detail === 'string' ? detail : expect.stringMatching(detail) },
  });
};

describe('ListenersController', () => {
  let service: TestService;
  let get: TestService['get'];
  let send: TestService['send'];

  beforeAll(async () => {
    service = await startTestService();
    ({ get, send } = service);
    Logger.overrideLogger(false);
  });
  afterAll(() => service.close());

  it('are listed with settings, pause and counts', async () => {
    const { status, body } = await get<{ items: ListenerState[] }>('/api/v1/listeners');
    expect(status).toBe(200);
    expect(body.items.map(({ name, kind }) => `${kind} ${name}`)).toEqual([
      'listener failures.react',
      `listener ${LISTENER}`,
      'projection messages',
      'projection opt-outs',
    ]);
    expect(body.items.slice(1, 2)).toMatchObject([
      {
        name: LISTENER,
        kind: 'listener',
        subscriptions: ['message.undelivered', 'message.failed'],
        settings: { concurrency: 16, timeoutMs: 30_000, retry: { attempts: 23 } },
        paused: null,
        counts: { pending: 0, running: 0, retrying: 0, dead: 0 },
        blockedGroups: [],
      },
    ]);
    expect((await get(`/api/v1/listeners/${LISTENER}`)).body).toEqual(body.items[1]);
    expectProblem(await get('/api/v1/listeners/x'), 404, 'There is no listener with the name "x"');
  });

  it('are paused and resumed', async () => {
    const paused = await send(`/api/v1/listeners/${LISTENER}/pause`, { reason: 'Migration' });
    expect(paused).toMatchObject({
      status: 200,
      body: { paused: { since: expect.any(String), reason: 'Migration' } },
    });
    let id = '';
    await waitUntil(
      async () => {
        id = await service.post(messageBody('message.failed'));
        const { body } = await get<ListenerState>(`/api/v1/listeners/${LISTENER}`);
        return body.counts.pending >= 2 || undefined;
      },
      { what: () => 'two queued events', everyMs: 200 },
    );
    await waitForEvent(service.running.application, id, ({ dispatchedAt }) => dispatchedAt !== null);
    expect((await get(`/api/v1/events/${id}`)).body).toMatchObject({
      status: 'pending',
      listeners: [{ name: 'failures.react' }, { name: LISTENER, status: 'pending', attempts: 0 }],
    });
    expect(await send(`/api/v1/listeners/${LISTENER}/resume`)).toMatchObject({
      status: 200,
      body: { paused: null },
    });
    await waitForListener(service.running.application, id, LISTENER, 'done');
  });

  it.each<[string, unknown, number, RegExp | string]>([
    ['messages/pause', undefined, 400, /"messages" is a projection/],
    ['x/pause', undefined, 404, 'There is no listener with the name "x"'],
    ['x/resume', undefined, 404, 'There is no listener with the name "x"'],
    ['x/backfill', undefined, 404, 'There is no listener with the name "x"'],
    ['messages/backfill', undefined, 400, /"messages" is a projection/],
    [`${LISTENER}/pause`, { reason: '' }, 400, 'reason must be a string of 1 to 1000 characters'],
    [`${LISTENER}/pause`, { until: 1 }, 400, 'unknown parameter "until"; known: reason'],
    [
      `${LISTENER}/backfill`,
      { listener: 'x' },
      400,
      'unknown parameter "listener"; known: dryRun, endpoint, ratePerSecond, since, type, until',
    ],
  ])('refuse %s %j with %i', async (path, body, status, detail) => {
    expectProblem(await send(`/api/v1/listeners/${path}`, body), status, detail);
  });

  it('are backfilled with events that they never received', async () => {
    const id = await service.post(messageBody('message.undelivered'));
    await waitForListener(service.running.application, id, LISTENER, 'done');
    const backfill = (body?: unknown) => send(`/api/v1/listeners/${LISTENER}/backfill`, body);
    expect(await backfill()).toMatchObject({ status: 202, body: { matched: 0, replayId: null } });
    await service.database.query(
      `WITH gone AS (DELETE FROM postack.delivery o USING postack.inbox_event e
         WHERE e.id = o.event_id AND svix_id = $1)
       UPDATE postack.inbox_event SET status = 'unhandled' WHERE svix_id = $1`,
      [id],
    );
    expect(await backfill({ dryRun: true })).toMatchObject({ body: { matched: 1, scheduled: 0 } });
    expect(await backfill()).toMatchObject({ status: 202, body: { matched: 1, scheduled: 1 } });
    await expect(waitForListener(service.running.application, id, LISTENER, 'done')).resolves.toMatchObject({
      reason: 'backfill',
    });
  });
});

describe('a process that only accepts', () => {
  it('has the whole admin API; others do the work', async () => {
    const service = await startTestService({ POSTACK_ROLE: 'accept' });
    try {
      const { send, get } = service;
      await service.post(messageBody('message.failed'));
      await service.database.query(`UPDATE postack.inbox_event SET status = 'dispatched'`);
      expect(await send('/api/v1/events/replay', {})).toMatchObject({ status: 202, body: { scheduled: 1 } });
      expect(await get('/api/v1/replays')).toMatchObject({ body: { items: [{ state: 'running' }] } });
      expect(await send(`/api/v1/listeners/${LISTENER}/pause`)).toMatchObject({ status: 200 });
      expect(await get('/api/v1/listeners')).toMatchObject({ status: 200 });
      const { body } = await get<{ items: { id: string }[] }>('/api/v1/events');
      expect(await send(`/api/v1/events/${body.items[0]!.id}/replay`)).toMatchObject({ status: 202 });
      expect(await service.database.query('SELECT name FROM postack_jobs.job')).toEqual([
        { name: 'replays' },
      ]);
      expect(
        await service.database.query('SELECT handler, reason, status FROM postack.delivery ORDER BY handler'),
      ).toEqual(
        ['failures.react', LISTENER].map((handler) => ({ handler, reason: 'replay', status: 'pending' })),
      );
    } finally {
      await service.close();
    }
  });
});
