import { afterEach, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { TEST_SECRET } from '../support/test-application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';
import { createCallTable } from './books.js';
import { HostProcess } from './host-process.js';
import { conversationBody, postUntilAcknowledged } from './posting.js';
import { IS_SOAK } from './soak.js';

const CONVERSATIONS = 10;

/** The others have to go on dispatching within this time. */
const DISPATCHING_MS = 10_000;

const processes: HostProcess[] = [];
let database: TestDatabase;
afterEach(async () => {
  await conversations?.stop();
  for (const process of processes.splice(0)) {
    process.kill('SIGKILL');
    await process.exit;
  }
  await database.drop();
}, 30_000);

/** Of the test that runs. */
let conversations: Conversations | undefined;

async function start(listeners: string): Promise<HostProcess> {
  const process = new HostProcess({
    DATABASE_URL: database.url,
    SECRET: TEST_SECRET,
    LISTENERS: listeners,
    WORKER_TIMEOUT_MS: '3000',
    BLOCK_MS: IS_SOAK ? '20000' : '8000',
  });
  processes.push(process);
  await process.listening();
  return process;
}

const urlOf = ({ origin }: HostProcess) => `${origin!}/api/v1/webhooks`;

/** Posts the events of each conversation one after the other, until told to stop. */
class Conversations {
  /** Ids that were acknowledged, in order, by conversation. */
  readonly acknowledged = Array.from({ length: CONVERSATIONS }, (): string[] => []);
  targets: () => readonly string[] = () => [];
  #isOver = false;
  #posting: Promise<unknown> = Promise.resolve();

  start(): void {
    this.#posting = Promise.all(
      this.acknowledged.map(async (ids, conversation) => {
        for (let number = 0; !this.#isOver; number++) {
          const id = `conversation_${conversation}_${number}`;
          const body = conversationBody(conversation, number);
          await postUntilAcknowledged(() => (this.#isOver ? undefined : this.targets()), id, body);
          if (!(this.#isOver as boolean)) ids.push(id);
          await sleep(20);
        }
      }),
    );
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#posting;
  }

  get count(): number {
    return this.acknowledged.flat().length;
  }
}

async function handledOnce(listener: string, ids: readonly string[], timeoutMs: number): Promise<void> {
  let left = -1;
  await waitUntil(
    async () => {
      const [row] = await database.query<{ left: number }>(
        `SELECT count(*)::int AS left FROM unnest($2::text[]) AS wanted (svix_id) WHERE NOT EXISTS (
           SELECT 1 FROM reliability_call c WHERE c.svix_id = wanted.svix_id AND c.listener = $1 AND c.outcome = 'done')`,
        [listener, ids],
      );
      left = row!.left;
      return left === 0 || undefined;
    },
    { what: () => `${listener} to handle ${left} events`, timeoutMs },
  );
}

/** Events of a conversation that were handled before an earlier one. */
async function inversions(conversations: Conversations): Promise<string[]> {
  const rows = await database.query<{ svix_id: string }>(
    `SELECT svix_id FROM reliability_call WHERE listener = 'ordered' AND outcome = 'done'
     GROUP BY svix_id ORDER BY min(id)`,
  );
  const placeOf = new Map(rows.map(({ svix_id }, place) => [svix_id, place]));
  return conversations.acknowledged.flatMap((ids) =>
    ids.filter((id, index) => index > 0 && placeOf.get(id)! < placeOf.get(ids[index - 1]!)!),
  );
}

it('others dispatch on while a process is stopped, and order is kept when it continues', async () => {
  database = await createTestDatabase();
  await createCallTable(database);
  const [stopped, other] = [await start('fast,ordered'), await start('fast,ordered')];
  const load = (conversations = new Conversations());
  load.targets = () => [urlOf(stopped), urlOf(other)];
  load.start();
  await waitUntil(() => load.count >= 100 || undefined, { what: () => 'load', timeoutMs: 30_000 });
  stopped.kill('SIGSTOP');
  load.targets = () => [urlOf(other)];
  // Its own connections to the stopped process are waited for, too: only what comes after counts.
  await sleep(500);
  const probes = Array.from({ length: 20 }, (_, number) => `probe_${number}`);
  for (const [number, id] of probes.entries()) {
    await postUntilAcknowledged(() => [urlOf(other)], id, conversationBody(100 + number, number));
  }
  await handledOnce('fast', probes, DISPATCHING_MS);
  await sleep(IS_SOAK ? 60_000 : 6000);
  stopped.kill('SIGCONT');
  load.targets = () => [urlOf(stopped), urlOf(other)];
  const soFar = load.count;
  await waitUntil(() => load.count >= soFar + 100 || undefined, {
    what: () => 'load',
    timeoutMs: 60_000,
  });
  await conversations.stop();
  for (const listener of ['fast', 'ordered']) {
    await handledOnce(listener, load.acknowledged.flat(), 60_000);
  }
  expect(await inversions(load)).toEqual([]);
  expect(await database.query(`SELECT 1 FROM postack.delivery WHERE status = 'dead' OR crashes > 0`)).toEqual(
    [],
  );
}, 180_000);

it('others dispatch on while a listener blocks the event loop of a process', async () => {
  database = await createTestDatabase();
  await createCallTable(database);
  const [, other] = [await start('blocks'), await start('fast,ordered')];
  const targets = () => [urlOf(other)];
  await postUntilAcknowledged(targets, 'block', conversationBody(1, 1, 'block'));
  await sleep(500);
  const probes = Array.from({ length: 20 }, (_, number) => `probe_${number}`);
  for (const [number, id] of probes.entries()) {
    await postUntilAcknowledged(targets, id, conversationBody(100 + number, number));
  }
  await handledOnce('fast', probes, DISPATCHING_MS);
  await handledOnce('ordered', probes, DISPATCHING_MS);
  await handledOnce('blocks', ['block', ...probes], 60_000);
  expect(await database.query(`SELECT 1 FROM postack.delivery WHERE status = 'dead' OR crashes > 0`)).toEqual(
    [],
  );
}, 120_000);
