// A host application for the reliability tests, run as processes of its own that are killed and restarted. Which
// listeners it has stands in LISTENERS. Each call that comes to its end is written to the table reliability_call,
// the tests' own book about who was called when.
import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { OnPostackEvent, PostackModule, postackEntities } from '../../dist/src/index.js';

const { DATABASE_URL, BOOK_URL = DATABASE_URL, SECRET, ROLE = 'all', LISTENERS = 'fast' } = process.env;
const {
  WORKER_TIMEOUT_MS = '15000',
  POLL_INTERVAL_MS = '1000',
  CLOCK_OFFSET_MS = '0',
  BLOCK_MS = '20000',
} = process.env;

const { API_URL, API_KEY } = process.env;

// As if the clock of this machine were wrong.
const now = Date.now;
Date.now = () => now() + Number(CLOCK_OFFSET_MS);

const SOON = { firstDelayMs: 1000, maxDelayMs: 1000 };

/** What each listener does, and its options. */
const BEHAVIOURS = {
  fast: { run: () => Promise.resolve() },
  second: { run: () => Promise.resolve() },
  slow: { run: () => sleep(50) },
  'random-throw': {
    run: (event, context) => {
      if (chance(event, context) < 0.3) throw new Error('thrown at random');
    },
  },
  /** Seen when it begins, too. */
  busy: {
    run: async (event, context) => {
      await record('busy', event, context, 'started');
      await sleep(1000);
    },
  },
  /** One conversation at a time, in order. */
  ordered: { run: () => sleep(5), options: { ordered: 'conversation' } },
  /** Writes with its own mark, exactly once. */
  transactional: {
    run: (event, { manager }) =>
      manager.query('INSERT INTO reliability_write (listener, svix_id) VALUES ($1, $2)', [
        'transactional',
        event.id,
      ]),
    options: { transactional: true },
  },
  /** Ends the process for some events, each time. */
  exits: {
    run: async (event) => {
      await sleep(5);
      if (event.text === 'exit') process.exit(1);
    },
  },
  /** Blocks the event loop for some events. */
  blocks: {
    run: (event) => {
      if (event.text !== 'block') return;
      for (const endMs = performance.now() + Number(BLOCK_MS); performance.now() < endMs;);
    },
  },
  /** Fails each time; the delays of its retries show whose clock counts. */
  fails: {
    run: () => {
      throw new Error('always');
    },
    options: { retry: { attempts: 4, firstDelayMs: 500, maxDelayMs: 500 } },
  },
  /** Does what the event's text says. */
  bad: { run: misbehave, options: { timeoutMs: 2000, retry: { ...SOON, attempts: 3 } } },
};

/** From 0 to 1, by the event's id and the attempt: the ids hold the seed. */
function chance({ id }, { attempt }) {
  return createHash('sha256').update(`${id} ${attempt}`).digest().readUInt32BE() / 2 ** 32;
}

async function misbehave(event, context) {
  const { text, payload } = event;
  if (text === 'hang') await new Promise(() => {});
  if (text === 'throw' && chance(event, context) < 0.5) throw new Error('thrown at random');
  if (text === 'slow') await sleep(500);
  if (text === 'crash' && context.attempt === 1 && payload.data.number % 120 === 60)
    process.kill(process.pid, 'SIGKILL');
}

async function record(listener, event, { attempt }, outcome, calledAtMs = now()) {
  await book.query(
    `INSERT INTO reliability_call (listener, svix_id, pid, attempt, called_at_ms, outcome)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [listener, event.id, process.pid, attempt, calledAtMs, outcome],
  );
}

class Listeners {}
for (const name of LISTENERS.split(',')) {
  const { run, options } = BEHAVIOURS[name];
  Listeners.prototype[name] = async (event, context) => {
    const calledAtMs = now();
    try {
      await run(event, context);
    } catch (error) {
      if (name === 'fails') await record(name, event, context, 'failed', calledAtMs);
      throw error;
    }
    await record(name, event, context, 'done', calledAtMs);
  };
  OnPostackEvent('*', { name, retry: SOON, ...options })(
    Listeners.prototype,
    name,
    Object.getOwnPropertyDescriptor(Listeners.prototype, name),
  );
}

// On the disk before the listener is done: its outcome may be recorded only after PostgreSQL has crashed and is back.
const book = new pg.Pool({ connectionString: BOOK_URL, max: 2 });
book.on('error', () => {});

const dataSource = new DataSource({
  type: 'postgres',
  url: DATABASE_URL,
  entities: postackEntities(),
  // Several of these processes run at once, beside those of other tests, on one PostgreSQL.
  poolSize: 5,
});
await dataSource.initialize();
class Database {}
Module({ providers: [{ provide: DataSource, useValue: dataSource }], exports: [DataSource] })(Database);
class Host {}
Module({
  imports: [
    { module: Database, global: true },
    PostackModule.forRoot({
      secret: SECRET,
      role: ROLE,
      workerTimeoutMs: Number(WORKER_TIMEOUT_MS),
      pollIntervalMs: Number(POLL_INTERVAL_MS),
      ...(API_URL && { api: { apiKey: API_KEY, baseUrl: API_URL }, replies: { rules: false } }),
    }),
  ],
  providers: [Listeners],
})(Host);
const app = await NestFactory.create(Host, { logger: ['error', 'warn'] });
process.once('SIGTERM', async () => {
  await app.close();
  await Promise.all([dataSource.destroy(), book.end()]);
  process.exit(0);
});
// Whoever has started it is gone.
process.stdin.on('end', () => process.exit(1)).resume();
await app.listen(0, '127.0.0.1');
console.log(`listening ${await app.getUrl()}`);
