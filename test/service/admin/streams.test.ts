import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitForEvent } from '../../../src/testing/index.js';
import { ADAPTERS, messageBody } from '../../support/test-application.js';
import { startTestService, TEST_ADMIN_KEY, type TestService } from '../../support/test-service.js';

const PEER = '+491701234567';
const SECRET = /491701234567|15550100002|my PIN is 4711/;

describe.each(ADAPTERS)('ReportsController, with %s, a streamed response', (adapter) => {
  let service: TestService;
  const logged: string[] = [];

  async function request(path: string, body?: object): Promise<Response> {
    return fetch(`${service.running.origin}/api/v1/${path}`, {
      headers: { authorization: `Bearer ${TEST_ADMIN_KEY}`, 'content-type': 'application/json' },
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
    });
  }
  async function without(table: string, work: () => Promise<void>): Promise<void> {
    await service.database.query(`ALTER TABLE postack.${table} RENAME TO away`);
    try {
      await work();
    } finally {
      await service.database.query(`ALTER TABLE postack.away RENAME TO ${table}`);
    }
  }

  beforeAll(async () => {
    service = await startTestService({ POSTACK_HTTP_ADAPTER: adapter });
    const record = (...parts: unknown[]) => logged.push(parts.map((part) => inspect(part)).join(' '));
    service.running.application.useLogger({ log: record, error: record, warn: record });
    const text = 'my PIN is 4711';
    const id = await service.post(messageBody('message.received', { id: 'SM1', from: PEER, text }));
    await waitForEvent(service.running.application, id);
  });
  afterAll(() => service.close());

  it.each([
    ['message', 'reports/export?format=csv&includeTexts=true', undefined],
    ['message', 'reports/export?format=ndjson&includeTexts=true', undefined],
    ['report_window', 'reports/rebuild', { since: '2026-01-01' }],
    ['opt_out', 'opt-outs/export', undefined],
    ['suppression', 'suppressions/export', undefined],
  ])('that fails before its first byte, without the table %s, gets a 500: %s', async (table, path, body) => {
    await without(table, async () => {
      const answer = await request(path, body);
      expect({ status: answer.status, type: answer.headers.get('content-type')?.split(';')[0] }).toEqual({
        status: 500,
        type: 'application/problem+json',
      });
      expect(answer.headers.get('content-disposition')).toBeNull();
      expect(await answer.json()).toEqual({
        type: 'about:blank',
        title: 'Internal Server Error',
        status: 500,
      });
    });
    expect((await request(path, body)).status).toBe(200);
    expect(logged.join('\n')).toMatch(/relation "postack.\w+" does not exist/);
    expect(logged.join('\n')).not.toMatch(SECRET);
  });

  it('that fails in the middle is not taken for a complete one', async () => {
    await service.database.query(
      `INSERT INTO postack.message SELECT 'many' || n, 'outbound', 'sent', now(), NULL, false, '${PEER}', '${PEER}',
         repeat('my PIN is 4711 ', 100), 1, '[]', date_trunc('second', now()) - interval '1 day', now() FROM generate_series(1, 5000) AS n`,
    );
    // Only the last page cannot be read.
    await service.database.query(
      `UPDATE postack.message SET state = 'delivered', history = '0' WHERE id = 'SM1'`,
    );
    logged.length = 0;
    const answer = await request('reports/export?format=ndjson&includeNumbers=true&includeTexts=true');
    expect(answer.status).toBe(200);

    await expect(answer.text()).rejects.toThrow();
    expect(logged.join('\n')).toMatch(/Response aborted, connection closed: TypeError/);
    expect(logged).toHaveLength(1);
    expect(logged.join('\n')).not.toMatch(SECRET);
  });
});
