import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable, Logger } from '@nestjs/common';
import { Webhook } from 'svix';
import {
  EventQueries,
  MessageReceivedEvent,
  OnPostackEvent,
  type PostackModuleOptions,
  Replays,
} from '../../src/index.js';
import { waitForEvent } from '../../src/testing/index.js';
import { RecordingLogger } from '../support/recording-logger.js';
import {
  ADAPTERS,
  messageBody,
  startTestApplication,
  type TestApplication,
} from '../support/test-application.js';

const secretOf = (byte: number) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`;
const SALES = '/hooks/sales';
const SUPPORT = '/hooks/support';

@Injectable()
class Heard {
  readonly all: string[] = [];
  readonly support: string[] = [];

  @OnPostackEvent(MessageReceivedEvent, { name: 'all' })
  onAny({ endpoint, id }: MessageReceivedEvent): void {
    this.all.push(`${endpoint} ${id}`);
  }

  @OnPostackEvent(MessageReceivedEvent, { name: 'support', endpoint: 'support' })
  onSupport({ endpoint, id }: MessageReceivedEvent): void {
    this.support.push(`${endpoint} ${id}`);
  }
}

const options = (endpoints: PostackModuleOptions['endpoints']) =>
  ({ secret: undefined, endpoints }) as Partial<PostackModuleOptions>;

const TWO = [
  { name: 'sales', path: SALES, secret: secretOf(1) },
  // While its secret is rotated.
  { name: 'support', path: SUPPORT, secret: [secretOf(3), secretOf(2)] },
];

/** Posts an event signed by the official library. */
async function post(app: TestApplication, path: string, secret: string, id: string): Promise<number> {
  const at = new Date();
  const body = JSON.stringify(messageBody('message.received'));
  const headers = {
    'svix-id': id,
    'svix-timestamp': String(Math.floor(at.getTime() / 1000)),
    'svix-signature': new Webhook(secret).sign(id, at, body),
  };
  return (await fetch(`${app.origin}${path}`, { method: 'POST', headers, body })).status;
}

describe.each(ADAPTERS)('Two endpoints in one application, on %s', (adapter) => {
  let app: TestApplication;
  const log = new RecordingLogger();
  beforeAll(async () => {
    app = await startTestApplication({
      adapter,
      providers: [Heard],
      options: options(TWO),
      configure: () => {
        Logger.overrideLogger(log);
      },
    });
  });

  it('come first, each of them', () => {
    expect(log.lines.filter((line) => line.includes('self-check'))).toEqual([]);
    expect(log.lines).toEqual(
      expect.arrayContaining([
        expect.stringContaining('Receiving webhooks at POST /hooks/sales (endpoint sales)'),
        expect.stringContaining('Receiving webhooks at POST /hooks/support (endpoint support)'),
      ]),
    );
  });
  afterAll(() => app.close());

  it('take what is signed with their own secrets, also while one is rotated', async () => {
    expect(await post(app, SALES, secretOf(1), 'msg_sales')).toBe(204);
    expect(await post(app, SUPPORT, secretOf(2), 'msg_old')).toBe(204);
    expect(await post(app, SUPPORT, secretOf(3), 'msg_new')).toBe(204);
    expect(await post(app, SALES, secretOf(2), 'msg_wrong')).toBe(401);
    expect(await post(app, SUPPORT, secretOf(1), 'msg_wrong')).toBe(401);
    expect(await post(app, '/api/v1/webhooks', secretOf(1), 'msg_wrong')).toBe(404);
  });

  it('are known to events, to listeners and to operators', async () => {
    for (const id of ['msg_sales', 'msg_old', 'msg_new']) {
      await waitForEvent(app.application, id, ({ status }) => status === 'done');
    }
    const heard = app.application.get(Heard);
    expect([...heard.all].sort()).toEqual(['sales msg_sales', 'support msg_new', 'support msg_old']);
    expect([...heard.support].sort()).toEqual(['support msg_new', 'support msg_old']);
    const events = app.application.get(EventQueries);
    const idsOf = async (endpoint?: string) => (await events.list({ endpoint })).items.map(({ id }) => id);
    expect(await idsOf('sales')).toEqual(['msg_sales']);
    expect(await idsOf('support')).toEqual(['msg_new', 'msg_old']);
    expect(await idsOf()).toHaveLength(3);
    expect(await events.find('msg_sales')).toMatchObject({
      endpoint: 'sales',
      listeners: [expect.objectContaining({ name: 'all' })],
    });
  });

  it('can be replayed one by one', async () => {
    const replays = app.application.get(Replays);
    expect(await replays.replay({ dryRun: true, endpoint: 'sales' })).toMatchObject({ matched: 1 });
    expect(await replays.replay({ dryRun: true })).toMatchObject({ matched: 3 });
    expect(await replays.replay({ dryRun: true, listener: 'support' })).toMatchObject({ matched: 2 });
  });

  it('store an id that both have once for each', async () => {
    expect(await post(app, SALES, secretOf(1), 'msg_both')).toBe(204);
    expect(await post(app, SUPPORT, secretOf(3), 'msg_both')).toBe(204);
    const events = app.application.get(EventQueries);
    for (const endpoint of ['sales', 'support']) {
      expect((await events.list({ endpoint })).items.map(({ id }) => id)).toContain('msg_both');
    }
  });
});

describe('The option "endpoints"', () => {
  const log = new RecordingLogger();
  let app: TestApplication | undefined;
  afterEach(async () => {
    await app?.close();
    app = undefined;
    log.lines.length = 0;
    Logger.overrideLogger(false);
  });
  const start = async (endpoints: unknown, providers = [Heard]) => {
    app = await startTestApplication({
      providers,
      options: options(endpoints as PostackModuleOptions['endpoints']),
      configure: () => {
        Logger.overrideLogger(log);
      },
    });
    return app;
  };

  it('starts the others when the secret of one is wrong, and says so', async () => {
    const running = await start([TWO[1], { name: 'sales', path: SALES, secret: 'whsec_short' }]);
    expect(await post(running, SUPPORT, secretOf(3), 'msg_1')).toBe(204);
    expect(await post(running, SALES, secretOf(1), 'msg_2')).toBe(404);
  });

  it.each([
    [[{ name: 'sales', path: SALES, secret: '' }], /the secret of the endpoint "sales" is missing/],
    [
      [{ name: 'a b', path: 'hooks', secret: secretOf(1) }],
      /number 1: "name" must be 1 to 80.*"path" must look like/s,
    ],
    [[TWO[0], { ...TWO[1], path: SALES }], /the path "\/hooks\/sales" is used twice/],
    [[TWO[0], { ...TWO[1], name: 'sales' }], /the name "sales" is used twice/],
    [[{ ...TWO[0], sercet: 'x' }], /"sercet" is not an option; there are name, path, secret/],
    ['sales', /"endpoints" must be a list/],
  ])('refuses %j', async (endpoints, message) => {
    await expect(start(endpoints)).rejects.toThrow(message);
  });

  it('refuses a secret beside it', async () => {
    const both = { endpoints: TWO, secret: secretOf(1) };
    await expect(startTestApplication({ options: both })).rejects.toThrow(
      /"endpoints" stands in place of "secret"/,
    );
  });
});
