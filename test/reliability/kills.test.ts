import { afterEach, expect, it } from '@jest/globals';
import {
  createCallTable,
  handledTwice,
  inverted,
  missingInTheEnd,
  notWrittenOnce,
  NOTHING_MISSING,
  tell,
} from './books.js';
import { createTestDatabase, openDataSource, type TestDatabase } from '../support/test-database.js';
import { type Duty, Fleet } from './fleet.js';
import { Load } from './load.js';
import { OwnPostgres } from './own-postgres.js';
import { Random, seedOfRun } from './random.js';
import { IS_SOAK } from './soak.js';

const KILLS = IS_SOAK ? 220 : 10;

/** PostgreSQL is killed too. Of the soak's kills, this share goes to PostgreSQL. */
const POSTGRES_SHARE = 0.1;

/** Three processes with different listeners; some are in two of them, and one is in one alone. */
const DUTIES: readonly Duty[] = [
  { role: 'all', listeners: ['fast', 'ordered', 'slow'] },
  { role: 'all', listeners: ['fast', 'random-throw', 'transactional'] },
  { role: 'work', listeners: ['ordered', 'random-throw'] },
];

const LISTENERS = ['fast', 'ordered', 'slow', 'random-throw', 'transactional'];

/** Odd, so that each has events of all types. */
const CONVERSATIONS = 21;

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (let one = undo.pop(); one; one = undo.pop()) await one();
}, 60_000);

async function startDatabase(): Promise<TestDatabase | OwnPostgres> {
  if (IS_SOAK) {
    const postgres = await OwnPostgres.start();
    undo.push(() => postgres.remove());
    return postgres;
  }
  const database = await createTestDatabase();
  undo.push(() => database.drop());
  await (await openDataSource(database.url)).destroy();
  await createCallTable(database);
  return database;
}

async function disturb(postgres: OwnPostgres, random: Random): Promise<void> {
  const how = random.pick(['cut', 'stop', 'immediate', 'kill'] as const);
  if (how === 'cut') {
    await postgres.cutConnections();
    return;
  }
  await postgres.end(how);
  await postgres.startAgain();
}

it(
  'every acknowledged event is done by every listener, however often processes are killed',
  async () => {
    const random = new Random(seedOfRun());
    tell(IS_SOAK ? 'soak' : 'kills', { seed: random.seed });
    const database = await startDatabase();
    const fleet = new Fleet(database.url, LISTENERS);
    undo.push(() => fleet.stop());
    await fleet.start(DUTIES);
    const load = new Load({
      targets: fleet.targets,
      perSecond: 80,
      random,
      prefix: `kill_${random.seed}_`,
      conversations: CONVERSATIONS,
    }).start();
    undo.push(() => load.stop());

    let postgresKills = 0;
    while (fleet.kills + postgresKills < KILLS) {
      await load.acknowledges(random.between(15, 40));
      if (database instanceof OwnPostgres && random.next() < POSTGRES_SHARE) {
        postgresKills += 1;
        await disturb(database, random);
      } else await fleet.kill(random.pick(fleet.processes));
    }
    await load.acknowledges(20);
    await load.stop();
    const stoppedMs = performance.now();
    const left = await missingInTheEnd(database, load.acknowledged, LISTENERS, IS_SOAK ? 300_000 : 60_000);
    const groupOf = (id: string) => Number(id.split('_').at(-1)) % CONVERSATIONS;
    const outOfOrder = await inverted(database, load, 'ordered', groupOf);
    const notOnce = await notWrittenOnce(database, load.acknowledged, 'transactional');
    const [dead] = await database.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM postack.delivery WHERE status = 'dead'`,
    );
    tell(IS_SOAK ? 'soak' : 'kills', {
      posted: load.posted.size,
      acknowledged: load.acknowledged.length,
      kills: fleet.kills,
      'of PostgreSQL': postgresKills,
      lost: left.lost,
      'not exactly once': notOnce,
      inverted: outOfOrder.length,
      dead: dead!.count,
      'handled twice': await handledTwice(database),
      answers: JSON.stringify([...load.answers]),
      'seconds until all was done': ((performance.now() - stoppedMs) / 1000).toFixed(1),
    });
    expect(left).toEqual(NOTHING_MISSING);
    expect(fleet.unexpectedEnds).toEqual([]);
    // Whoever is killed answers nothing; an answer other than these is a mistake.
    expect([...load.answers.keys()].filter((answer) => /^\d+$/.test(answer)).toSorted()).toEqual(
      load.count('503') > 0 ? ['204', '503'] : ['204'],
    );
    expect({ outOfOrder, notOnce, dead }).toEqual({ outOfOrder: [], notOnce: 0, dead: { count: 0 } });
  },
  IS_SOAK ? 25 * 60_000 : 180_000,
);
