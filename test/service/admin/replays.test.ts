import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Replay, ReplayReceipt } from '../../../src/index.js';
import { waitForEvent } from '../../../src/testing/index.js';
import { ADAPTERS, messageBody } from '../../support/test-application.js';
import { startTestService, type TestAnswer, type TestService } from '../../support/test-service.js';
import { waitUntil } from '../../support/wait-until.js';

describe.each(ADAPTERS)('ReplaysController, on %s', (adapter) => {
  let service: TestService;
  let get: TestService['get'];
  let send: TestService['send'];

  beforeAll(async () => {
    service = await startTestService({ POSTACK_HTTP_ADAPTER: adapter });
    ({ get, send } = service);
    Logger.overrideLogger(false);
  });
  afterAll(() => service.close());
  beforeEach(() => service.database.query('TRUNCATE postack.delivery, postack.inbox_event, postack.replay'));

  async function post(type: string): Promise<string> {
    const id = await service.post(messageBody(type));
    await waitForEvent(service.running.application, id);
    return id;
  }
  const expectProblem = (answer: TestAnswer<unknown>, status: number, detail: RegExp | string) => {
    expect(answer.contentType).toMatch(/^application\/problem\+json/);
    expect(answer).toMatchObject({
      status,
      body: { status, detail: typeof detail === 'string' ? detail : expect.stringMatching(detail) },
    });
  };
  const isAgain = ({ listeners, status }: { listeners: { reason: string }[]; status: string }) =>
    status === 'done' && listeners.some(({ reason }) => reason === 'replay');

  it('asks for the admin key', async () => {
    for (const path of ['events/replay', 'events/x/replay', 'replays/x/pause', 'dead-letters/redrive']) {
      const answer = await fetch(`${service.running.origin}/api/v1/${path}`, { method: 'POST' });
      expect([path, answer.status]).toEqual([path, 401]);
    }
    expect((await get('/api/v1/replays', null)).status).toBe(401);
  });

  it('redelivers one event, with and without a body', async () => {
    const id = await post('message.failed');
    expect(await send(`/api/v1/events/${id}/replay`)).toMatchObject({
      status: 202,
      body: { matched: 1, scheduled: 1, replayId: null },
    });
    await waitForEvent(service.running.application, id, isAgain);
    expect((await send(`/api/v1/events/${id}/replay`, { listener: 'failures.warn' })).status).toBe(202);
    expect((await send(`/api/v1/events/${id}/replay`, {})).status).toBe(202);
  });

  it('rejects events that do not exist or cannot be replayed', async () => {
    const id = await post('message.sent');
    const quarantined = await service.post('no event');
    const replay = (event: string, body?: unknown) => send(`/api/v1/events/${event}/replay`, body);
    expectProblem(await replay('msg_missing'), 404, 'There is no event with the svix-id "msg_missing"');
    expectProblem(await replay(id), 409, /to which no listener subscribes$/);
    expectProblem(await replay(quarantined), 409, /is quarantined/);
    expectProblem(await replay(id, { listener: 'messages' }), 400, /"messages" is a projection/);
    expectProblem(await replay(id, { listener: 'unknown' }), 400, /no listener with the name "unknown"$/);
    expectProblem(await replay(id, { listener: 7 }), 400, 'listener must be a string');
    expectProblem(await replay(id, { Listener: 'x' }), 400, 'unknown parameter "Listener"; known: listener');
  });

  it.each<[string, unknown, RegExp | string]>([
    ['a type that is no text', { type: 1 }, 'type must be a string'],
    ['an unknown status', { status: 'lost' }, /^status must be one of pending, done, retrying/],
    ['a time that is none', { since: 'yesterday' }, /^since must be a time in ISO 8601, like /],
    ['another', { until: 12 }, /^until must be a time in ISO 8601/],
    ['a rate of 0', { ratePerSecond: 0 }, 'ratePerSecond must be a whole number from 1 to 10000'],
    ['a high rate', { ratePerSecond: 10_001 }, 'ratePerSecond must be a whole number from 1 to 10000'],
    ['a rate in text', { ratePerSecond: '5' }, 'ratePerSecond must be a whole number from 1 to 10000'],
    ['a dry run in text', { dryRun: 'true' }, 'dryRun must be true or false'],
    [
      'an unknown member',
      { dryrun: true },
      'unknown parameter "dryrun"; known: dryRun, endpoint, listener, ratePerSecond, since, status, type, until',
    ],
    ['no JSON', '{"type": ', /./],
    ['no object', '[1]', /./],
    ['a text that cannot be stored', { type: 'a\0' }, /^A parameter value cannot be stored in the database/],
  ])('refuses %s', async (_what, body, detail) => {
    await post('message.failed');
    expectProblem(await send('/api/v1/events/replay', body), 400, detail);
    expect((await get<{ items: [] }>('/api/v1/replays')).body.items).toEqual([]);
  });

  it('counts without doing anything when it is a dry run', async () => {
    const id = await post('message.failed');
    await post('message.undelivered');
    const answer = await send('/api/v1/events/replay', { type: 'message.failed', dryRun: true });
    expect(answer).toMatchObject({ status: 202, body: { matched: 1, scheduled: 0, replayId: null } });
    expect((await send<ReplayReceipt>('/api/v1/events/replay', { dryRun: true })).body.matched).toBe(2);
    expect((await get<{ items: [] }>('/api/v1/replays')).body).toEqual({ items: [], nextCursor: null });
    expect((await get(`/api/v1/events/${id}`)).body).toMatchObject({
      listeners: [{ reason: 'initial' }, { reason: 'initial' }],
    });
  });

  it('redelivers many events, and shows its progress', async () => {
    const ids = [await post('message.failed'), await post('message.undelivered')];
    const filter = { since: new Date(Date.now() - 3_600_000).toISOString(), listener: 'failures.warn' };
    const { status, body } = await send<ReplayReceipt>('/api/v1/events/replay', filter);
    expect([status, body]).toEqual([202, { matched: 2, scheduled: 2, replayId: expect.any(String) }]);
    for (const id of ids) await waitForEvent(service.running.application, id, isAgain);
    const done = await waitUntil(
      async () => {
        const answer = await get<Replay>(`/api/v1/replays/${body.replayId}`);
        return answer.body.state === 'done' ? answer.body : undefined;
      },
      { what: () => 'the end of it' },
    );
    expect(done).toEqual({
      id: body.replayId,
      kind: 'replay',
      state: 'done',
      type: null,
      status: null,
      until: null,
      changed: null,
      listeners: null,
      ...filter,
      ratePerSecond: 100,
      matched: 2,
      scheduled: 2,
      error: null,
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    });
    expect((await get('/api/v1/replays?limit=1')).body).toEqual({ items: [done], nextCursor: null });
  });

  it('pauses, resumes and cancels a replay', async () => {
    for (let i = 0; i < 20; i += 1) await service.post(messageBody('message.failed'));
    await waitUntil(
      async () => {
        const dry = { dryRun: true, status: 'done' };
        return (await send<ReplayReceipt>('/api/v1/events/replay', dry)).body.matched === 20 || undefined;
      },
      { what: () => '20 events to be done' },
    );
    const { body } = await send<ReplayReceipt>('/api/v1/events/replay', { ratePerSecond: 1 });
    const change = (what: string) => send(`/api/v1/replays/${body.replayId}/${what}`);
    expect(await change('pause')).toMatchObject({ status: 200, body: { state: 'paused', matched: 20 } });
    expect(await change('pause')).toMatchObject({ status: 200, body: { state: 'paused' } });
    expect(await change('resume')).toMatchObject({ status: 200, body: { state: 'running' } });
    expect(await change('cancel')).toMatchObject({ status: 200, body: { state: 'cancelled' } });
    expectProblem(await change('resume'), 409, `The replay "${body.replayId}" has ended: it is cancelled`);
    for (const path of ['nothing', '00000000-0000-0000-0000-000000000000']) {
      expectProblem(
        await send(`/api/v1/replays/${path}/pause`),
        404,
        `There is no replay with the id "${path}"`,
      );
      expectProblem(await get(`/api/v1/replays/${path}`), 404, `There is no replay with the id "${path}"`);
    }
    expectProblem(await get('/api/v1/replays?cursor=e30'), 400, /"nextCursor"/);
    expectProblem(
      await get('/api/v1/replays?since=2026-01-01'),
      400,
      'unknown parameter "since"; known: cursor, limit',
    );
  });
});
