import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { messageBody } from '../support/test-application.js';
import { startTestService, type TestService } from '../support/test-service.js';
import { waitUntil } from '../support/wait-until.js';

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service.close());

/** Lets each UPDATE of a table fail, while everything else works. */
async function refuseUpdates(table: string, when = 'true'): Promise<() => Promise<unknown>> {
  const { database } = service;
  await database.query(`CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'out of order' USING ERRCODE = 'lock_not_available'; END $$`);
  await database.query(
    `CREATE TRIGGER refuse BEFORE UPDATE ON postack.${table} FOR EACH ROW WHEN (${when}) EXECUTE FUNCTION refuse()`,
  );
  return () => database.query(`DROP TRIGGER refuse ON postack.${table}`);
}

async function detail(): Promise<string> {
  const { status, body } = await service.get<{ detail?: string }>('/health/ready', null);
  return status === 200 ? 'ready' : `${status} ${body.detail ?? ''}`;
}

it('says what this process cannot do, for as long as it cannot', async () => {
  expect(await detail()).toBe('ready');
  const allowOutcomes = await refuseUpdates('delivery', `NEW.status = 'done'`);
  const settling = await service.post(messageBody('message.undelivered', { errorCode: '30003' }));
  await waitUntil(
    async () => {
      const rows = await service.database.query(`SELECT FROM postack.delivery WHERE status = 'running'`);
      return rows.length > 0 || undefined;
    },
    { what: () => 'a call of a listener' },
  );
  const allowDispatch = await refuseUpdates('inbox_event');
  const allowHeartbeats = await refuseUpdates('worker');
  const waiting = await service.post(messageBody('message.delivered'));
  await waitUntil(
    async () =>
      (await detail()) ===
        '503 Events are not dispatched; Deliveries are not taken; Outcomes of listeners are not recorded' ||
      undefined,
    { what: () => 'all three problems', timeoutMs: 40_000, everyMs: 250 },
  );
  await Promise.all([allowOutcomes(), allowDispatch(), allowHeartbeats()]);
  await waitUntil(async () => (await detail()) === 'ready' || undefined, {
    what: () => 'readiness',
    timeoutMs: 40_000,
  });
  for (const id of [settling, waiting]) {
    await waitUntil(
      async () => {
        const { body } = await service.get<{ status: string }>(`/api/v1/events/${id}`);
        return body.status === 'done' || undefined;
      },
      { what: () => `${id} to be done`, timeoutMs: 40_000 },
    );
  }
}, 150_000);
