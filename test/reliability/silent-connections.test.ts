import { afterEach, expect, it } from '@jest/globals';
import { Outbox, Replays } from '../../src/index.js';
import { PgBossService } from '../../src/jobs/pg-boss.service.js';
import { LocalPostack } from '../../src/simulator/index.js';
import { FreezingProxy } from '../support/freezing-proxy.js';
import { startTestApplication, TEST_SECRET, type TestApplication } from '../support/test-application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';
import { createCallTable, tell } from './books.js';
import { HostProcess } from './host-process.js';
import { conversationBody, postUntilAcknowledged } from './posting.js';

/** What has to work again by then, has. */
const ACCEPTING_MS = 15_000;
const WORKING_MS = 30_000;

const LISTENERS = ['fast', 'ordered', 'transactional'];

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (let one = undo.pop(); one; one = undo.pop()) await one();
}, 60_000);

async function start(
  environment: Record<string, string>,
): Promise<{ database: TestDatabase; proxy: FreezingProxy; process: HostProcess }> {
  const database = await createTestDatabase();
  undo.push(() => database.drop());
  await createCallTable(database);
  const url = new URL(database.url);
  const proxy = await FreezingProxy.start({ host: url.hostname, port: Number(url.port) });
  undo.push(() => proxy.stop());
  url.hostname = '127.0.0.1';
  url.port = String(proxy.port);
  const process = new HostProcess({
    ...{
      DATABASE_URL: url.href,
      BOOK_URL: database.url,
      SECRET: TEST_SECRET,
      LISTENERS: LISTENERS.join(','),
    },
    ...environment,
  });
  undo.push(() => {
    process.kill('SIGKILL');
    return process.exit;
  });
  await process.listening();
  return { database, proxy, process };
}

/** Waits until every listener has handled an event. */
async function handled(database: TestDatabase, id: string): Promise<void> {
  let heard: unknown[] = [];
  await waitUntil(
    async () => {
      heard = await database.query(
        `SELECT DISTINCT listener FROM reliability_call WHERE svix_id = $1 AND outcome = 'done' ORDER BY 1`,
        [id],
      );
      return heard.length === LISTENERS.length || undefined;
    },
    { what: () => `all listeners to hear of ${id}; so far ${JSON.stringify(heard)}`, timeoutMs: WORKING_MS },
  );
}

it('accepts, dispatches and calls every listener again when connections have fallen silent', async () => {
  const { database, proxy, process } = await start({});
  const targets = () => [`${process.origin!}/api/v1/webhooks`];
  // Under load, so that many connections are open and in use.
  const ids = Array.from({ length: 200 }, (_, number) => `before_${number}`);
  await Promise.all(
    ids.map((id, number) => postUntilAcknowledged(targets, id, conversationBody(number % 20, number))),
  );
  const frozen = proxy.freeze();
  expect(frozen).toBeGreaterThan(3);
  const startedAt = performance.now();
  const id = await Promise.race([
    postUntilAcknowledged(targets, 'after', conversationBody(1, 1000)),
    new Promise<never>((_resolve, reject) => {
      setTimeout(() => {
        reject(new Error(`Nothing was accepted within ${ACCEPTING_MS} ms`));
      }, ACCEPTING_MS).unref();
    }),
  ]);
  const acceptedMs = performance.now() - startedAt;
  await handled(database, id);
  tell('silent connections', {
    frozen,
    'accepted after ms': Math.round(acceptedMs),
    'handled after ms': Math.round(performance.now() - startedAt),
  });
  for (const before of ids) await handled(database, before);
  // Also when they fall silent while nothing happens.
  proxy.freeze();
  await handled(database, await postUntilAcknowledged(targets, 'again', conversationBody(2, 1001)));
}, 180_000);

it('hears of other processes, sends and runs jobs again when connections have fallen silent', async () => {
  const postack = await LocalPostack.start();
  undo.push(() => postack.stop());
  const api = { apiKey: postack.apiKey, baseUrl: postack.url };
  // It polls so rarely that only notifications can wake it.
  const { database, proxy } = await start({
    ...{ ROLE: 'work', POLL_INTERVAL_MS: '600000' },
    ...{ API_URL: api.baseUrl, API_KEY: api.apiKey },
  });
  const accepting: TestApplication = await startTestApplication({
    database,
    options: { role: 'accept', api, replies: { rules: false } },
  });
  undo.push(() => accepting.close());
  const targets = () => [accepting.webhookUrl];
  await handled(database, await postUntilAcknowledged(targets, 'before', conversationBody(1, 1)));
  const jobs = accepting.application.get(PgBossService, { strict: false });
  await jobs.start();
  expect(proxy.freeze()).toBeGreaterThan(2);
  const frozenAt = performance.now();
  await accepting.application.get(Outbox).enqueue({
    ...{ from: '+15550109999', to: '+15552000001', text: 'Hello', category: 'reply' },
    idempotencyKey: 'after',
  });
  // As its cron expression would, by the minute.
  const run = await jobs.boss.send('alerts.watch', {});
  await waitUntil(() => postack.messages.length > 0 || undefined, {
    what: () => 'a message at Postack',
    timeoutMs: WORKING_MS,
  });
  const sentMs = performance.now() - frozenAt;
  await waitUntil(
    async () => {
      const [job] = await jobs.boss.findJobs('alerts.watch', { id: run! });
      return job?.state === 'completed' || undefined;
    },
    { what: () => 'a scheduled run', timeoutMs: WORKING_MS },
  );
  tell('silent connections', {
    'sent after ms': Math.round(sentMs),
    'scheduled run after ms': Math.round(performance.now() - frozenAt),
  });
  // Announced again and again: a notification that is sent while nobody listens is lost.
  const endMs = performance.now() + WORKING_MS;
  for (let number = 0; ; number++) {
    const id = await postUntilAcknowledged(targets, `after_${number}`, conversationBody(1, number));
    const isHeard = await waitUntil(
      async () => {
        const rows = await database.query(`SELECT 1 FROM reliability_call WHERE svix_id = $1`, [id]);
        return rows.length > 0 || undefined;
      },
      { what: () => id, timeoutMs: 1000 },
    ).catch(() => false);
    if (isHeard) break;
    if (performance.now() > endMs) throw new Error(`No notification was heard within ${WORKING_MS} ms`);
  }
  const replays = accepting.application.get(Replays);
  const { replayId } = await replays.replay({ ratePerSecond: 1000 });
  await waitUntil(async () => (await replays.find(replayId!))?.state === 'done' || undefined, {
    what: () => 'the end of the replay',
    timeoutMs: WORKING_MS,
  });
}, 180_000);
