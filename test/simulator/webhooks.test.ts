import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  LocalPostack,
  MAGIC_NUMBERS,
  type RegisteredEndpoint,
  RETRY_DELAYS_MS,
  UnknownEndpointError,
  UnknownEventError,
} from '../../src/simulator/index.js';
import { waitUntil } from '../support/wait-until.js';
import { ANNA, OWN_NUMBER, send } from './api-client.js';
import { startReceiver, type WebhookReceiver } from './webhook-receiver.js';

/** The whole schedule, of more than a day, in a second. */
const TIME_SCALE = 100_000;

let postack: LocalPostack;
let receiver: WebhookReceiver;
let endpoint: RegisteredEndpoint;

beforeEach(async () => {
  receiver = await startReceiver();
  postack = await LocalPostack.start({ timeScale: TIME_SCALE });
  endpoint = postack.registerEndpoint(receiver.url);
});
afterEach(async () => {
  await postack.stop();
  await receiver.close();
});

const textFromAnna = () => postack.customer(ANNA).text(OWN_NUMBER, 'Hi');

/** What has arrived about the last message, as `type` and `errorCode`. */
async function storyOf(recipient: string): Promise<(string | undefined)[][]> {
  const { body } = await send(postack, { recipient });
  await postack.settled();
  return receiver.received
    .filter(({ event }) => event.data.id === body.id)
    .sort((a, b) => TYPES.indexOf(a.event.type) - TYPES.indexOf(b.event.type))
    .map(({ event: { type, data } }) => [type, ...(data.errorCode === undefined ? [] : [data.errorCode])]);
}

const TYPES = ['queued', 'sent', 'delivered', 'undelivered', 'failed'].map((status) => `message.${status}`);

describe('WebhookDelivery, a webhook', () => {
  it('is signed so that the svix library verifies it, and says what has happened', async () => {
    const { messageId, eventId } = await textFromAnna();
    const [webhook] = receiver.received;
    expect(webhook!.fits(endpoint.secret)).toBe(true);
    expect(webhook!.headers).toMatchObject({ 'content-type': 'application/json', 'svix-id': eventId });
    expect(eventId).toMatch(/^msg_[0-9a-f]{27}$/);
    expect(webhook!.event).toEqual({
      type: 'message.received',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      data: { id: messageId, from: ANNA, to: OWN_NUMBER, text: 'Hi', segments: 1, status: 'received' },
    });
  });

  it('goes to every endpoint, signed with the secret of each', async () => {
    const other = await startReceiver();
    const secret = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
    expect(postack.registerEndpoint(other.url, { secret })).toMatchObject({ url: other.url, secret });
    try {
      await textFromAnna();
      expect(
        receiver.received.map((webhook) => [webhook.fits(endpoint.secret), webhook.fits(secret)]),
      ).toEqual([[true, false]]);
      expect(other.received.map((webhook) => [webhook.fits(endpoint.secret), webhook.fits(secret)])).toEqual([
        [false, true],
      ]);
      expect(other.received[0]!.id).toBe(receiver.received[0]!.id);
    } finally {
      await other.close();
    }
  });

  it.each([
    [ANNA, [['message.queued'], ['message.sent'], ['message.delivered']]],
    [
      MAGIC_NUMBERS.unreachable.number,
      [['message.queued'], ['message.sent'], ['message.undelivered', '30003']],
    ],
    [MAGIC_NUMBERS.unregistered.number, [['message.queued'], ['message.failed', '30034']]],
    [MAGIC_NUMBERS.silent.number, []],
    [MAGIC_NUMBERS.invalidText.number, []],
  ])('tells each state of a message to %s', async (recipient, story) => {
    expect(await storyOf(recipient)).toEqual(story);
  });
});

describe('the life of a message', () => {
  it('takes as long as it does in reality, faster by the time scale', async () => {
    const slower = await LocalPostack.start({ timeScale: 10, endpoints: [{ url: receiver.url }] });
    try {
      await send(slower);
      await slower.settled();
      const [queued, sent, delivered] = receiver.received.map(({ event }) => Date.parse(event.timestamp));
      // Timers may be early by a millisecond.
      expect(sent! - queued!).toBeGreaterThanOrEqual(19);
      expect(delivered! - sent!).toBeGreaterThanOrEqual(79);
    } finally {
      await slower.stop();
    }
  });
});

describe('after a rotation', () => {
  it('webhooks carry signatures of both secrets, and only of the new one when the overlap is over', async () => {
    const overlapMs = 600 * TIME_SCALE;
    const secret = postack.rotateSecret(endpoint.id, { overlapMs });
    await textFromAnna();
    const [during] = receiver.received;
    expect(during!.signatures).toHaveLength(2);
    expect([during!.fits(endpoint.secret), during!.fits(secret)]).toEqual([true, true]);

    const after = await waitUntil(
      async () => {
        await textFromAnna();
        return receiver.received.find(({ signatures }) => signatures.length === 1);
      },
      { what: () => 'the end of the overlap' },
    );
    expect([after.fits(endpoint.secret), after.fits(secret)]).toEqual([false, true]);
  });

  it('another one does not prolong the overlap of the first', async () => {
    const second = postack.rotateSecret(endpoint.id, { overlapMs: 100 * TIME_SCALE });
    const third = postack.rotateSecret(endpoint.id, { overlapMs: 60_000 * TIME_SCALE });
    const later = await waitUntil(
      async () => {
        await textFromAnna();
        return receiver.received.find(({ signatures }) => signatures.length === 2);
      },
      { what: () => 'the end of the first overlap' },
    );
    expect([endpoint.secret, second, third].map((secret) => later.fits(secret))).toEqual([false, true, true]);
  });

  it('without overlap only the new secret counts', async () => {
    const secret = postack.rotateSecret(endpoint.id, { overlapMs: 0 });
    await textFromAnna();
    expect(receiver.received.map((webhook) => [webhook.fits(endpoint.secret), webhook.fits(secret)])).toEqual(
      [[false, true]],
    );
  });
});

describe('a webhook that fails', () => {
  it.each([
    ['a refusal', 400, { status: 400, error: null }],
    ['an error', 503, { status: 503, error: null }],
    ['a redirection', 302, { status: 302, error: null }],
    ['a cut connection', 'cut' as const, { status: null, error: 'UND_ERR_SOCKET' }],
  ])('with %s is tried again until it is taken, with the same id', async (_what, answer, outcome) => {
    receiver.answer = () => (receiver.received.length < 3 ? answer : 204);
    const { eventId } = await textFromAnna();
    await postack.settled();
    const common = { eventId, endpointId: endpoint.id, at: expect.any(Number) };
    expect(postack.deliveries).toEqual([
      { ...common, attempt: 1, ...outcome },
      { ...common, attempt: 2, ...outcome },
      { ...common, attempt: 3, status: 204, error: null },
    ]);
    expect(receiver.received.map(({ id }) => id)).toEqual([eventId, eventId, eventId]);
    expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1);
  });

  it("is tried again on Svix's schedule, then given up; and again by hand", async () => {
    receiver.answer = () => 500;
    const { eventId } = await textFromAnna();
    await postack.settled();
    const times = postack.deliveries.map(({ at }) => at);
    expect(times).toHaveLength(8);
    RETRY_DELAYS_MS.forEach((delayMs, index) => {
      // Timers may be early by a millisecond.
      expect(times[index + 1]! - times[index]!).toBeGreaterThanOrEqual(delayMs / TIME_SCALE - 2);
    });
    expect(RETRY_DELAYS_MS.reduce((sum, delay) => sum + delay)).toBe((27 * 60 + 35) * 60_000 + 5000);

    receiver.answer = () => 204;
    expect(await postack.redeliver(eventId)).toMatchObject([{ eventId, attempt: 9, status: 204 }]);
    expect(receiver.received.map(({ id }) => id)).toEqual(Array.from({ length: 9 }, () => eventId));
  });

  it('is signed again each time', async () => {
    const slower = await LocalPostack.start({ timeScale: 4 });
    try {
      const { secret } = slower.registerEndpoint(receiver.url);
      receiver.answer = () => (receiver.received.length < 2 ? 500 : 204);
      await slower.customer(ANNA).text(OWN_NUMBER, 'Hi');
      await slower.settled();
      const [first, second] = receiver.received;
      expect(second!.signedAt).toBeGreaterThan(first!.signedAt);
      expect(second!.signatures).not.toEqual(first!.signatures);
      expect(second!.fits(secret)).toBe(true);
    } finally {
      await slower.stop();
    }
  });

  it('without a response in time is retried', async () => {
    const impatient = await LocalPostack.start({ timeScale: TIME_SCALE, answerTimeoutMs: 50 });
    const mute = await startReceiver();
    try {
      impatient.registerEndpoint(mute.url);
      mute.answer = () => (mute.received.length < 2 ? 'silence' : 204);
      await impatient.customer(ANNA).text(OWN_NUMBER, 'Hi');
      await impatient.settled();
      expect(impatient.deliveries).toMatchObject([
        { status: null, error: 'no response in time' },
        { status: 204, error: null },
      ]);
    } finally {
      await impatient.stop();
      await mute.close();
    }
  });

  it('because the endpoint is cut off arrives once it is connected again', async () => {
    postack.cutOff(endpoint.id);
    await textFromAnna();
    expect(postack.deliveries).toMatchObject([{ status: null, error: 'cut off' }]);
    expect(receiver.received).toEqual([]);
    postack.reconnect(endpoint.id);
    await postack.settled();
    expect(receiver.received).toHaveLength(1);
  });
});

describe('a delivery of one’s own making', () => {
  const event = { id: 'msg_own', type: 'contact.created', timestamp: '2026-01-31T08:00:00Z', data: { n: 1 } };

  it('may be of any type, and off the clock', async () => {
    await postack.deliver(event, { clockSkewMs: -200_000 });
    const [webhook] = receiver.received;
    expect(webhook).toMatchObject({ id: 'msg_own', event: { type: 'contact.created', data: { n: 1 } } });
    expect(Math.abs(Date.now() / 1000 - 200 - webhook!.signedAt)).toBeLessThan(10);
    expect(webhook!.fits(endpoint.secret)).toBe(true);
  });

  it('may have a wrong signature, and not be tried again', async () => {
    receiver.answer = () => 401;
    await postack.deliver(event, { hasWrongSignature: true, isRetried: false });
    await postack.settled();
    expect(receiver.received.map((webhook) => webhook.fits(endpoint.secret))).toEqual([false]);
  });
});

describe('what there is not', () => {
  it('is said to be unknown', async () => {
    expect(() => postack.rotateSecret('ep_9')).toThrow(UnknownEndpointError);
    expect(() => {
      postack.cutOff('ep_9');
    }).toThrow('There is no endpoint "ep_9"');
    await expect(postack.redeliver('msg_9')).rejects.toThrow(UnknownEventError);
  });
});
