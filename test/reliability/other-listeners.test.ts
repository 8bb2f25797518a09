import { afterEach, expect, it } from '@jest/globals';
import { TEST_SECRET } from '../support/test-application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';
import { createCallTable } from './books.js';
import { HostProcess } from './host-process.js';
import { conversationBody, postUntilAcknowledged } from './posting.js';

const processes: HostProcess[] = [];
let database: TestDatabase | undefined;
afterEach(async () => {
  for (const process of processes.splice(0)) {
    process.kill('SIGKILL');
    await process.exit;
  }
  await database?.drop();
}, 30_000);

async function start(listeners: string, role = 'all'): Promise<HostProcess> {
  const process = new HostProcess({
    DATABASE_URL: database!.url,
    SECRET: TEST_SECRET,
    LISTENERS: listeners,
    ROLE: role,
  });
  processes.push(process);
  await process.listening();
  return process;
}

const urlOf = ({ origin }: HostProcess) => `${origin!}/api/v1/webhooks`;

it('every listener hears of every event, whichever process has it, and from the moment it joins', async () => {
  database = await createTestDatabase();
  await createCallTable(database);
  const first = [await start('fast'), await start('second'), await start('ordered', 'work')];
  const targets = first.slice(0, 2).map(urlOf);
  const before: string[] = [];
  const after: string[] = [];
  const load = { isJoined: false, isOver: false };
  const posting = (async () => {
    for (let number = 0; !load.isOver; number++) {
      const wasJoined = load.isJoined;
      const id = `other_${number}`;
      await postUntilAcknowledged(() => targets, id, conversationBody(number % 5, number));
      before.push(id);
      if (wasJoined) after.push(id);
    }
  })();
  await waitUntil(() => before.length >= 30 || undefined, { what: () => 'events before', timeoutMs: 30_000 });
  await start('transactional', 'work');
  load.isJoined = true;
  await waitUntil(() => after.length >= 30 || undefined, { what: () => 'events after', timeoutMs: 30_000 });
  load.isOver = true;
  await posting;

  const missing = async (listener: string, ids: readonly string[]) => {
    const rows = await database!.query<{ svix_id: string }>(
      `SELECT DISTINCT svix_id FROM reliability_call WHERE listener = $1 AND outcome = 'done'`,
      [listener],
    );
    const heard = new Set(rows.map(({ svix_id }) => svix_id));
    return ids.filter((id) => !heard.has(id));
  };
  for (const [listener, ids] of [
    ['fast', before],
    ['second', before],
    ['ordered', before],
    ['transactional', after],
  ] as const) {
    let left: string[] = [];
    await waitUntil(
      async () => {
        left = await missing(listener, ids);
        return left.length === 0 || undefined;
      },
      { what: () => `${listener} to hear of ${left.join(', ')}`, timeoutMs: 20_000 },
    );
  }
  const statuses = await database.query(
    `SELECT DISTINCT handler, status FROM postack.delivery WHERE handler <> 'transactional' ORDER BY handler`,
  );
  expect(statuses).toEqual(['fast', 'ordered', 'second'].map((handler) => ({ handler, status: 'done' })));
}, 120_000);
