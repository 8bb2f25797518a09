import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LocalPostack, storm, type StormFaults } from '../../src/simulator/index.js';
import { startTestApplication, type TestApplication } from '../support/test-application.js';
import { startReceiver, type WebhookReceiver } from './webhook-receiver.js';

const FAULTS: StormFaults = {
  ...{ duplicates: 0.4, reordering: 0.4, delay: 0.3, clockSkew: 0.2, wrongSignatures: 0.2, outages: 0.2 },
};

const STORM = { customers: 10, messages: 150, faults: FAULTS };

describe('storm', () => {
  let postack: LocalPostack;
  let app: TestApplication;

  beforeAll(async () => {
    postack = await LocalPostack.start({ timeScale: 100 });
    const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
    app = await startTestApplication({ options: { secret } });
    postack.registerEndpoint(app.webhookUrl, { secret });
  });
  afterAll(async () => {
    await postack.stop();
    await app.close();
  });

  it('the module stores exactly what it has to, and refuses the rest', async () => {
    const { expected, surprises, plan, posted } = await storm(postack, { seed: 11, ...STORM });
    expect(surprises).toEqual([]);
    const rows = await app.database.query('SELECT svix_id FROM postack.inbox_event');
    const stored = rows.map((row) => (row as { svix_id: string }).svix_id);
    expect(stored.toSorted()).toEqual(expected.accepted.toSorted());
    expect(expected.refused.length).toBeGreaterThan(20);
    expect(posted).toHaveLength(plan.steps.length);
    // The cut connections of the plan have been cut, most of them before there was an answer.
    expect(posted.some((delivery) => delivery.expected === 'unknown' && delivery.status === null)).toBe(true);
  });
});

describe('a careless receiver', () => {
  let postack: LocalPostack;
  let receiver: WebhookReceiver;

  beforeAll(async () => {
    receiver = await startReceiver();
    postack = await LocalPostack.start({ timeScale: 100_000, endpoints: [{ url: receiver.url }] });
  });
  afterAll(async () => {
    await postack.stop();
    await receiver.close();
  });

  it('that believes every signature is found out', async () => {
    const { surprises, posted } = await storm(postack, { seed: 1, ...STORM });
    const refusals = posted.filter(({ expected }) => expected === 'refused');
    expect(refusals.length).toBeGreaterThan(20);
    expect(surprises).toEqual(refusals);
  });

  it('that refuses an event it has to take is found out', async () => {
    receiver.answer = ({ event }) => (event.type === 'message.failed' ? 400 : 204);
    const { surprises, posted } = await storm(postack, { seed: 2, customers: 3, messages: 60 });
    const ends = posted.filter(({ status }) => status === 400);
    expect(ends.length).toBeGreaterThan(0);
    expect(surprises).toEqual(ends);
  });

  it('that is only out of order at first is not blamed', async () => {
    const seen = new Set<string>();
    receiver.answer = ({ id }) => {
      const isNew = !seen.has(id);
      seen.add(id);
      return isNew ? 503 : 204;
    };
    const { surprises, expected } = await storm(postack, { seed: 3, customers: 3, messages: 20 });
    expect(surprises).toEqual([]);
    expect(seen).toEqual(new Set(expected.accepted));
  });

  it('that never takes an event is found out', async () => {
    receiver.answer = () => 503;
    const { surprises, expected } = await storm(postack, { seed: 4, customers: 3, messages: 3 });
    expect(new Set(surprises.map(({ eventId }) => eventId))).toEqual(new Set(expected.accepted));
  });
});
