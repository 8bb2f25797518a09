import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  BackgroundFailureError,
  LocalPostack,
  MAGIC_NUMBERS,
  NothingReceivedError,
  SimulatorOptionError,
  SimulatorStoppedError,
} from '../../src/simulator/index.js';
import { ANNA, OWN_NUMBER, send } from './api-client.js';
import { startReceiver, type WebhookReceiver } from './webhook-receiver.js';

let postack: LocalPostack;
let receiver: WebhookReceiver;

beforeEach(async () => {
  receiver = await startReceiver();
  postack = await LocalPostack.start({ timeScale: 1000, requestsPerSecond: 1000 });
  postack.registerEndpoint(receiver.url);
});
afterEach(async () => {
  await postack.stop();
  await receiver.close();
});

describe('Customer', () => {
  it('gets what is delivered, and nothing else', async () => {
    const anna = postack.customer(ANNA);
    await send(postack, { text: 'One' });
    const first = await anna.receives();
    await send(postack, { recipient: MAGIC_NUMBERS.unreachable.number, text: 'Two' });
    const { body } = await send(postack, { text: 'Three' });
    const third = await anna.receives(({ text }) => text === 'Three');
    await postack.settled();
    expect(third).toEqual({ messageId: body.id, from: OWN_NUMBER, text: 'Three' });
    expect(anna.inbox).toEqual([first, third]);
    expect(postack.customer(ANNA)).toBe(anna);
    expect(postack.customer(MAGIC_NUMBERS.unreachable.number).inbox).toEqual([]);
  });

  it('waits only for so long', async () => {
    const wait = postack.customer(ANNA).receives(undefined, { timeoutMs: 30 });
    await expect(wait).rejects.toThrow(NothingReceivedError);
  });

  it('has a number', () => {
    expect(() => postack.customer('Anna')).toThrow(SimulatorOptionError);
  });

  it('cannot text when Postack has been stopped', async () => {
    await postack.stop();
    await expect(postack.customer(ANNA).text(OWN_NUMBER, 'Hi')).rejects.toThrow(SimulatorStoppedError);
  });
});

describe('an automatic reply', () => {
  it('answers what its customer gets, until it is ended', async () => {
    const end = postack.customer(ANNA).autoReply(({ text }) => (text === 'Quiet' ? undefined : `${text}?`));
    await send(postack, { text: 'Ready' });
    await send(postack, { text: 'Quiet' });
    await postack.settled();
    end();
    await send(postack, { text: 'Again' });
    await postack.settled();
    const inbound = receiver.received.filter(({ event }) => event.type === 'message.received');
    expect(inbound.map(({ event: { data } }) => [data.from, data.to, data.text])).toEqual([
      [ANNA, OWN_NUMBER, 'Ready?'],
    ]);
  });

  it('and another one at your side go on until one of them ends', async () => {
    const anna = postack.customer(ANNA);
    anna.autoReply(({ text }) => `Re: ${text}`);
    const sent: Promise<unknown>[] = [];
    receiver.answer = ({ event: { type, data } }) => {
      if (type === 'message.received' && sent.length < 4) sent.push(send(postack, { text: data.text }));
      return 204;
    };
    await anna.text(OWN_NUMBER, 'Hi');
    await anna.receives(({ text }) => text === 'Re: Re: Re: Hi');
    await Promise.all(sent);
    await postack.settled();
    expect(anna.inbox.map(({ text }) => text)).toEqual(['Hi', 'Re: Hi', 'Re: Re: Hi', 'Re: Re: Re: Hi']);
  });

  it('that throws is reported', async () => {
    postack.customer(ANNA).autoReply(() => Promise.reject(new Error('no idea what to say')));
    await send(postack);
    await expect(postack.settled()).rejects.toThrow(
      expect.objectContaining({
        name: BackgroundFailureError.name,
        cause: expect.objectContaining({ message: 'no idea what to say' }),
      }),
    );
    await postack.settled();
  });
});

describe('a run', () => {
  async function idsOfRun(seed?: number): Promise<string[]> {
    const run = await LocalPostack.start({ seed, timeScale: 1000, endpoints: [{ url: receiver.url }] });
    receiver.received.length = 0;
    try {
      const texts = [ANNA, '+15550100003'].map((number) => run.customer(number).text(OWN_NUMBER, 'Hi'));
      const { body } = await send(run);
      const { messageId } = (await Promise.all(texts))[0]!;
      await run.settled();
      return [messageId, body.id, ...receiver.received.map(({ id }) => id).sort()];
    } finally {
      await run.stop();
    }
  }

  it('has the same ids as another one with the same seed, and no others', async () => {
    const ids = await idsOfRun(1);
    expect(new Set(ids).size).toBe(7);
    expect(await idsOfRun(1)).toEqual(ids);
    for (const others of [await idsOfRun(2), await idsOfRun(), await idsOfRun()]) {
      expect(others.filter((id) => ids.includes(id))).toEqual([]);
    }
  });
});
