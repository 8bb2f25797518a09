import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PostackDatabase } from '../../src/database/postack-database.js';
import { OutboxQueries, type OutboxMessage } from '../../src/outbox/outbox-queries.js';
import { LocalPostack } from '../../src/simulator/index.js';
import { TEST_SECRET } from '../support/test-application.js';
import { createTestDatabase, openDataSource } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';
import { newNumber, OURS } from '../support/reply-application.js';
import { freePort, ReplyProcesses } from '../support/reply-processes.js';

/** The jobs of a dead process are retried by another one after about 15 seconds. */
const TIMEOUT_MS = 90_000;

const STEPS = ['answered', 'taking', 'beginning', 'begun', 'accepting', 'accepted'] as const;

interface Result {
  message: OutboxMessage;
  /** What the customer received. */
  texts: string[];
  requests: number;
}

describe('OutboxSender, when its process is killed', () => {
  const processes = new ReplyProcesses();
  const results = new Map<string, Result>();

  // Concurrently, since each waits until another process takes over.
  beforeAll(async () => {
    await Promise.all(STEPS.map(async (step) => results.set(step, await killAt(step))));
  }, 2 * TIMEOUT_MS);
  afterAll(() => processes.clear());

  /** Kills a process at a step of its first answer, and waits until another process has finished it. */
  async function killAt(crashAt: string): Promise<Result> {
    const database = await createTestDatabase();
    const dataSource = await openDataSource(database.url, { poolSize: 2 });
    const postack = await LocalPostack.start({ timeScale: 100 });
    try {
      const port = await freePort();
      const { url, exit } = await processes.start(database, postack, { port, crashAt });
      postack.registerEndpoint(url, { secret: TEST_SECRET });
      const anna = postack.customer(newNumber());
      await anna.text(OURS, 'Hi');
      expect(await exit).toEqual([null, 'SIGKILL']);
      const successor = await processes.start(database, postack, { port });
      const queries = new OutboxQueries(new PostackDatabase(dataSource));
      // Others are held as well until Postack retries its events, but only the outcome of "begun" stays unknown.
      const end = crashAt === 'begun' ? 'held' : 'delivered';
      const message = await waitUntil(
        async () => (await queries.list()).items.find(({ state }) => state === end),
        {
          what: () => `the answer to be ${end} after a crash at "${crashAt}"`,
          timeoutMs: TIMEOUT_MS,
          everyMs: 100,
        },
      );
      await postack.settled();
      expect((await queries.list()).items).toHaveLength(1);
      await successor.kill();
      return { message, texts: anna.inbox.map(({ text }) => text), requests: postack.requests.length };
    } finally {
      await postack.stop();
      await dataSource.destroy();
      await database.drop();
    }
  }

  it.each(STEPS.filter((step) => step !== 'begun'))('delivers one answer after a crash at "%s"', (step) => {
    const { message, texts, requests } = results.get(step)!;
    expect(message).toMatchObject({ state: 'delivered', attempts: 1 });
    expect({ texts, requests }).toEqual({ texts: ['You wrote: Hi'], requests: 1 });
  });

  it('holds the answer for an operator after a crash at "begun", since it may have been sent', () => {
    const { message, texts, requests } = results.get('begun')!;
    expect(message).toMatchObject({ state: 'held', heldReason: 'unknown-outcome', attempts: 1 });
    expect(message.heldDetail).toContain('died before Postack responded');
    expect({ texts, requests }).toEqual({ texts: [], requests: 0 });
  });
});
