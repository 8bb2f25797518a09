import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PostackModuleOptions } from '../../src/index.js';
import { Reports } from '../../src/reports/index.js';
import { waitForReports } from '../../src/testing/index.js';
import { startTestApplication, type TestApplication } from '../support/test-application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { allDispatched, OWN, reinterpret } from './reinterpreting.js';

const STATES = ['sent', 'delivered', 'undelivered', 'failed'] as const;
const TYPES = STATES.map((state) => `message.${state}` as const);

type Options = Partial<PostackModuleOptions>;

const rulesOf = (types: readonly (typeof TYPES)[number][]): Options => ({
  eventRules: STATES.map((state, index) => ({
    when: { kind: 'report', 'sms.state': state },
    type: types[index]!,
  })),
});

/** The right mapping, part by part. */
const RIGHT = {
  kinds: { eventTypes: { mo: 'message.received' } },
  rules: rulesOf(TYPES),
  type: ['kind'],
  timestamp: ['at'],
  data: ['sms'],
  messageId: ['ref'],
  from: ['src'],
  to: ['dst'],
  text: ['content'],
  errorCode: ['error'],
};

/** What can be wrong with each part. */
const WRONG = {
  kinds: [{}, { eventTypes: { mo: 'message.sent' } }, { eventTypes: { mo: 'ignored' } }],
  rules: [{}, rulesOf(['message.sent', 'message.failed', 'message.delivered', 'message.undelivered'])],
  type: [['missing'], ['kind.0', 'sms.state']],
  timestamp: [['missing'], ['created']],
  data: [['missing'], ['other']],
  messageId: [['conversation'], ['missing']],
  from: [['dst'], ['missing']],
  to: [['src'], ['missing']],
  text: [['missing'], ['alt']],
  errorCode: [['missing'], ['code']],
};

type Part = keyof typeof RIGHT;
const PARTS = Object.keys(RIGHT) as Part[];

function optionsOf({ kinds, rules, ...payload }: Record<Part, unknown>): Options {
  return { ...(kinds as Options), ...(rules as Options), payload: payload as Options['payload'] };
}

const wrongOptions = fc
  .tuple(
    fc.uniqueArray(fc.constantFrom(...PARTS), { minLength: 1, maxLength: 3 }),
    fc.infiniteStream(fc.nat(2)),
  )
  .map(([parts, choices]) => {
    const choice = (part: Part) => WRONG[part][choices.next().value! % WRONG[part].length];
    return optionsOf({ ...RIGHT, ...Object.fromEntries(parts.map((part) => [part, choice(part)])) });
  });

/** What happens to one customer, in order. */
const occurrence = fc.record({
  customer: fc.integer({ min: 1, max: 4 }).map((number) => `+1555010700${number}`),
  inbound: fc.boolean(),
  message: fc.integer({ min: 1, max: 6 }),
  text: fc.constantFrom('STOP', 'START', 'Hello', 'YES', 'please stop texting me'),
  alt: fc.constantFrom('STOP', 'Hello', 'START'),
  state: fc.constantFrom(...STATES),
  error: fc.constantFrom('30003', '30005', null),
});

type Occurrence = typeof occurrence extends fc.Arbitrary<infer One> ? One : never;

const START = Date.UTC(2026, 9, 1, 12);

function bodyOf({ customer, inbound, message, text, alt, state, error }: Occurrence, index: number) {
  const at = new Date(START + index * 61_000).toISOString();
  const numbers = inbound ? { src: customer, dst: OWN } : { src: OWN, dst: customer };
  const conversation = `C${customer}`;
  if (inbound) {
    return {
      kind: 'mo',
      at,
      created: at.slice(0, 10),
      sms: { ref: `I${index}`, conversation, ...numbers, content: text, alt },
    };
  }
  const report = { ref: `O${customer}-${message}`, conversation, state, content: `About ${message}`, alt };
  const isFailed = state === 'failed' || state === 'undelivered';
  return { kind: 'report', at, sms: { ...report, ...numbers, ...(isFailed && { error, code: '30007' }) } };
}

async function receive(
  app: TestApplication,
  database: TestDatabase,
  bodies: readonly object[],
): Promise<void> {
  for (const [index, body] of bodies.entries()) await app.post(body, { id: `msg_${index}` });
  await allDispatched(database);
}

/** What the tables and the reports say, without what depends on the time of processing. */
async function factsOf(app: TestApplication, database: TestDatabase) {
  await waitForReports(app.application);
  const period = { from: new Date(START - 86_400_000), to: new Date(START + 86_400_000) };
  const { messages, optOuts, timeToDelivered, timeToFirstReply } = await app.application
    .get(Reports)
    .summary(period);
  const read = (sql: string) => database.query<object>(sql);
  return {
    reports: { messages, optOuts, timeToDelivered, timeToFirstReply },
    events: await read(
      'SELECT svix_id, type, kind, status, occurred_at FROM postack.inbox_event ORDER BY svix_id',
    ),
    messages: await read('SELECT * FROM postack.message ORDER BY id'),
    optOuts: await read(
      'SELECT peer, own_number, opted_out, since, source, keyword, event_id FROM postack.opt_out ORDER BY peer, own_number',
    ),
    evidence: await read(
      `SELECT peer, own_number, action, source, keyword, event_id, occurred_at FROM postack.opt_out_evidence
       WHERE action <> 'review' ORDER BY occurred_at, peer`,
    ),
    reviews: await read(
      `SELECT peer, event_id FROM postack.opt_out_evidence WHERE action = 'review' ORDER BY event_id`,
    ),
    failures: await read(
      `SELECT message_id, state, source, code, cause_class, from_number, to_number, failed_at, event_id
       FROM postack.message_failure ORDER BY message_id`,
    ),
    ownNumbers: await read('SELECT number FROM postack.own_number ORDER BY number'),
    open: await read(
      `SELECT handler, status FROM postack.delivery WHERE status NOT IN ('done', 'discarded')`,
    ),
  };
}

async function withDatabases<Result>(run: (databases: TestDatabase[]) => Promise<Result>): Promise<Result> {
  const databases = await Promise.all([createTestDatabase(), createTestDatabase()]);
  try {
    return await run(databases);
  } finally {
    await Promise.all(databases.map((database) => database.drop()));
  }
}

describe('Replays.reinterpret, with random histories and mappings', () => {
  it('leaves everything as if the mapping had always been right', async () => {
    const right = optionsOf(RIGHT);
    await fc.assert(
      fc.asyncProperty(
        fc.array(occurrence, { minLength: 5, maxLength: 40 }),
        wrongOptions,
        wrongOptions,
        async (occurrences, first, second) => {
          await withDatabases(async ([database, reference]) => {
            const bodies = occurrences.map(bodyOf);
            // Half of them come in with one wrong mapping, half with another.
            const half = Math.ceil(bodies.length / 2);
            for (const [options, from, to] of [
              [first, 0, half],
              [second, half, bodies.length],
            ] as const) {
              const app = await startTestApplication({ database: database!, options });
              for (let index = from; index < to; index++)
                await app.post(bodies[index], { id: `msg_${index}` });
              await allDispatched(database!);
              await app.close();
            }
            const app = await startTestApplication({ database: database!, options: right });
            const always = await startTestApplication({ database: reference!, options: right });
            try {
              await receive(always, reference!, bodies);
              await reinterpret(app, { ratePerSecond: 20 });
              expect(await factsOf(app, database!)).toEqual(await factsOf(always, reference!));
            } finally {
              await app.close();
              await always.close();
            }
          });
        },
      ),
      { numRuns: 4, endOnFailure: true },
    );
  }, 120_000);
});
