import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';
import {
  ADAPTERS,
  startTestApplication,
  TEST_SECRET,
  type TestApplication,
} from '../support/test-application.js';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const BODY = '{"type":"message.received","data":{"id":"SM1","text":"Grüße 😀"}}';

/** `printf '%s' "$id.$timestamp.$body" | openssl dgst -sha256 -mac HMAC -macopt hexkey:… -binary | base64` */
function signByOpenssl(id: string, timestamp: string, body: string): string {
  const hexKey = Buffer.from(TEST_SECRET.slice('whsec_'.length), 'base64').toString('hex');
  const digest = execFileSync(
    'openssl',
    ['dgst', '-sha256', '-mac', 'HMAC', '-macopt', `hexkey:${hexKey}`, '-binary'],
    {
      input: `${id}.${timestamp}.${body}`,
    },
  );
  return `v1,${digest.toString('base64')}`;
}

describe('WebhookController', () => {
  describe.each(ADAPTERS)('a webhook signed by other means than ours, on %s', (adapter) => {
    let app: TestApplication;
    beforeAll(async () => {
      app = await startTestApplication({ adapter });
    });
    afterAll(() => app.close());

    const deliver = async (family: 'svix' | 'webhook', id: string, timestamp: string, signature: string) => {
      const headers = {
        [`${family}-id`]: id,
        [`${family}-timestamp`]: timestamp,
        [`${family}-signature`]: signature,
      };
      const response = await fetch(app.webhookUrl, { method: 'POST', headers, body: BODY });
      return [response.status, response.headers.get('postack-receipt')];
    };
    const newId = () => `msg_${randomUUID()}`;
    const now = () => new Date(Math.floor(Date.now() / 1000) * 1000);
    const secondsOf = (at: Date) => String(at.getTime() / 1000);

    const withOpenssl = hasOpenssl ? it : it.skip;
    withOpenssl(
      `by the openssl command${hasOpenssl ? '' : ' (SKIPPED: openssl is not installed)'} is accepted`,
      async () => {
        const [id, timestamp] = [newId(), secondsOf(now())];
        const signature = signByOpenssl(id, timestamp, BODY);
        expect(await deliver('svix', id, timestamp, signature)).toEqual([204, 'accepted']);
        expect(await deliver('svix', id, timestamp, signature)).toEqual([204, 'duplicate']);
        const other = signByOpenssl(id, timestamp, `${BODY} `);
        expect(await deliver('svix', id, timestamp, other)).toEqual([401, null]);
      },
    );

    it('by the package svix is accepted', async () => {
      const [id, at] = [newId(), now()];
      const signature = new SvixWebhook(TEST_SECRET).sign(id, at, BODY);
      expect(await deliver('svix', id, secondsOf(at), signature)).toEqual([204, 'accepted']);
    });

    it('by the package svix with another secret is refused', async () => {
      const [id, at] = [newId(), now()];
      const other = `whsec_${Buffer.alloc(24, 9).toString('base64')}`;
      const signature = new SvixWebhook(other).sign(id, at, BODY);
      expect(await deliver('svix', id, secondsOf(at), signature)).toEqual([401, null]);
    });

    it('by the package standardwebhooks, with its header names, is accepted', async () => {
      const [id, at] = [newId(), now()];
      const signature = new StandardWebhook(TEST_SECRET).sign(id, at, BODY);
      expect(await deliver('webhook', id, secondsOf(at), signature)).toEqual([204, 'accepted']);
    });

    it('by both, one signature after the other as while a secret is rotated, is accepted', async () => {
      const [id, at] = [newId(), now()];
      const other = new SvixWebhook(`whsec_${Buffer.alloc(24, 9).toString('base64')}`).sign(id, at, BODY);
      const ours = new StandardWebhook(TEST_SECRET).sign(id, at, BODY);
      expect(await deliver('svix', id, secondsOf(at), `${other} ${ours}`)).toEqual([204, 'accepted']);
    });
  });
});
