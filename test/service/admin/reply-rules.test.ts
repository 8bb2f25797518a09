import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ADAPTERS } from '../../support/test-application.js';
import { startTestService, TEST_ADMIN_KEY, type TestService } from '../../support/test-service.js';

interface Rule {
  id: string;
  [field: string]: unknown;
}

const HOURS = { name: 'Hours', kind: 'keyword', pattern: 'hours', template: 'From 8 to 6, {{from}}' };
const OFFICE = { timeZone: 'Europe/Paris', days: [1], from: '08:00', to: '18:00' };

describe.each(ADAPTERS)('ReplyRulesController, on %s', (adapter) => {
  let service: TestService;

  beforeAll(async () => {
    service = await startTestService({ POSTACK_HTTP_ADAPTER: adapter });
  });
  afterAll(() => service.close());
  beforeEach(() => service.database.query('TRUNCATE postack.reply_rule'));

  const create = async (more: object = {}) =>
    (await service.send<Rule>('/api/v1/reply-rules', { ...HOURS, ...more })).body;

  /** PATCH or DELETE. */
  const request = (method: string, path: string, body?: unknown) =>
    fetch(`${service.running.origin}/api/v1/reply-rules/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${TEST_ADMIN_KEY}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });

  it('are created, found, listed, changed and removed', async () => {
    const made = await service.send<Rule>('/api/v1/reply-rules', { ...HOURS, activeHours: OFFICE });
    expect(made).toMatchObject({
      status: 201,
      body: { ...HOURS, activeHours: OFFICE, enabled: true, priority: 0, ownNumber: null },
    });
    const { id } = made.body;
    expect((await service.get(`/api/v1/reply-rules/${id}`)).body).toEqual(made.body);
    const other = await create({ name: 'First', priority: 1 });
    expect((await service.get('/api/v1/reply-rules')).body).toEqual({ items: [other, made.body] });

    const changed = await request('PATCH', id, { enabled: false, activeHours: null });
    expect(changed.status).toBe(200);
    expect(await changed.json()).toMatchObject({ ...HOURS, id, enabled: false, activeHours: null });

    const removed = await request('DELETE', id);
    expect(removed.status).toBe(204);
    expect(await removed.text()).toBe('');
    expect((await service.get(`/api/v1/reply-rules/${id}`)).status).toBe(404);
    expect((await request('DELETE', id)).status).toBe(404);
    expect((await request('PATCH', id, { enabled: true })).status).toBe(404);
  });

  it('are tried with a message, and nothing is sent', async () => {
    const hours = await create();
    const paris = await create({ name: 'Paris', activeHours: OFFICE, priority: 1 });
    const test = (body: object) => service.send('/api/v1/reply-rules/test', body);
    expect(await test({ text: 'hours', from: '+15550100001', at: '2026-01-05T20:00:00Z' })).toMatchObject({
      status: 200,
      body: {
        answer: { rule: hours, text: 'From 8 to 6, +15550100001' },
        others: [{ id: paris.id, name: 'Paris', reason: 'outside its hours' }],
      },
    });
    expect((await test({ text: 'hello', at: null })).body).toMatchObject({
      answer: null,
      others: [{ name: 'Paris' }, { name: 'Hours', reason: 'does not match' }],
    });
    expect(await service.database.query('SELECT 1 FROM postack.outbox_message')).toEqual([]);
  });

  it('are rejected with all their problems', async () => {
    const post = (body: object) => service.send('/api/v1/reply-rules', body);
    expect(
      await post({ name: 1, kind: 'x', enabled: null, activeHours: 'always', colour: 'red' }),
    ).toMatchObject({
      status: 400,
      contentType: expect.stringMatching(/^application\/problem/),
      body: {
        errors: expect.arrayContaining([
          'name must be a string',
          'kind must be one of keyword, prefix, regex, default',
          'enabled must be true or false',
          expect.stringMatching(/^activeHours must be like/),
          'template must be a string',
          expect.stringMatching(/^unknown parameter "colour"; known: activeHours, enabled, kind, name,/),
        ]),
      },
    });
    expect(
      await post({ ...HOURS, template: '{{unknown}}', activeHours: { ...OFFICE, days: [8] } }),
    ).toMatchObject({
      status: 400,
      body: { detail: expect.stringMatching(/unknown name "unknown" at 0.*; activeHours\.days must be/) },
    });
    expect((await service.get('/api/v1/reply-rules')).body).toEqual({ items: [] });
  });

  it('are refused changes that make no sense, and a name that is taken', async () => {
    const { id } = await create();
    await create({ name: 'Other' });
    expect((await request('PATCH', id, { name: null })).status).toBe(400);
    expect((await request('PATCH', id, { pattern: null })).status).toBe(400);
    expect((await request('PATCH', id, { name: 'Other' })).status).toBe(409);
    expect((await service.send('/api/v1/reply-rules', HOURS)).status).toBe(409);
    expect((await service.send('/api/v1/reply-rules/test', { from: '+15550100001' })).status).toBe(400);
  });

  it('need the admin key', async () => {
    expect((await service.get('/api/v1/reply-rules', null)).status).toBe(401);
    expect((await service.get('/api/v1/reply-rules', 'wrong')).status).toBe(401);
  });
});
