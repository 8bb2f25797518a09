import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PostackDatabase } from '../../src/database/postack-database.js';
import { OutboxQueries, type OutboxMessage } from '../../src/outbox/outbox-queries.js';
import { LocalPostack } from '../../src/simulator/index.js';
import { TEST_SECRET } from '../support/test-application.js';
import { createTestDatabase, openDataSource } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';
import { newNumber, OURS } from '../support/reply-application.js';
import { freePort, ReplyProcesses } from '../support/reply-processes.js';

/** A dead process's jobs are taken over after some 15 seconds. */
const PATIENCE_MS = 90_000;

const STEPS = ['answered', 'taking', 'beginning', 'begun', 'accepting', 'accepted'] as const;

/** What became of the answer. */
interface Ending {
  message: OutboxMessage;
  /** What the customer got. */
  texts: string[];
  requests: number;
}

describe('a process that is killed while it answers', () => {
  const processes = new ReplyProcesses();
  const endings = new Map<string, Ending>();

  // Side by side, since each of them waits for its take-over.
  beforeAll(async () => {
    await Promise.all(STEPS.map(async (step) => endings.set(step, await killedAt(step))));
  }, 2 * PATIENCE_MS);
  afterAll(() => processes.clear());

  /** Kills a process at a step of its first answer, and waits until another one has brought it to an end. */
  async function killedAt(crashAt: string): Promise<Ending> {
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
      const log = new OutboxQueries(new PostackDatabase(dataSource));
      // Held for the while until Postack's next try to deliver its events, too; but only one outcome stays unknown.
      const end = crashAt === 'begun' ? 'held' : 'delivered';
      const message = await waitUntil(
        async () => (await log.list()).items.find(({ state }) => state === end),
        {
          what: () => `an end of the answer after a crash when ${crashAt}`,
          timeoutMs: PATIENCE_MS,
          everyMs: 100,
        },
      );
      await postack.settled();
      expect((await log.list()).items).toHaveLength(1);
      await successor.kill();
      return { message, texts: anna.inbox.map(({ text }) => text), requests: postack.requests.length };
    } finally {
      await postack.stop();
      await dataSource.destroy();
      await database.drop();
    }
  }

  it.each(STEPS.filter((step) => step !== 'begun'))('when %s: one answer arrives', (step) => {
    const { message, texts, requests } = endings.get(step)!;
    expect(message).toMatchObject({ state: 'delivered', attempts: 1 });
    expect({ texts, requests }).toEqual({ texts: ['You wrote: Hi'], requests: 1 });
  });

  it('when begun: nobody can know whether it was sent, so it is held for a person, with the reason', () => {
    const { message, texts, requests } = endings.get('begun')!;
    expect(message).toMatchObject({ state: 'held', heldReason: 'unknown-outcome', attempts: 1 });
    expect(message.heldDetail).toContain('died before Postack had answered');
    expect({ texts, requests }).toEqual({ texts: [], requests: 0 });
  });
});
