import { Controller, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { SvixSignatureGuard, verifiedSignatureOf } from '../../src/index.js';
import { signWebhook, type SignWebhookOptions } from '../../src/testing/index.js';
import { ADAPTERS, TEST_SECRET } from '../support/test-application.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { createTestDatabase, openDataSource, type TestDatabase } from '../support/test-database.js';
import { expectWebhooksWork, type Host, startHost } from './host-application.js';

/** A host that takes signed webhooks on a route of its own: another product's, say, in the same account. */
@Controller('own')
class OwnController {
  @Post()
  @HttpCode(200)
  @UseGuards(SvixSignatureGuard)
  receive(@Req() request: { body: unknown }) {
    return { verified: verifiedSignatureOf(request), body: request.body };
  }

  @Post('open')
  open(@Req() request: object) {
    return verifiedSignatureOf(request);
  }
}

/** Fastify refuses empty JSON by itself. */
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

let database: TestDatabase;
let dataSource: DataSource;

beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = await openDataSource(database.url);
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

const send = (
  { origin }: Host,
  signing: Partial<SignWebhookOptions>,
  change: Record<string, string> = {},
  path = '/own',
) => {
  const { headers, body } = signWebhook({ secret: TEST_SECRET, body: '{ "a": 1 }', ...signing });
  return fetch(`${origin}${path}`, { method: 'POST', headers: { ...headers, ...change }, body });
};

describe('SvixSignatureGuard', () => {
  describe.each(ADAPTERS)("on the host's own controller, on %s", (adapter) => {
    const setup = { adapter, controllers: [OwnController] };

    describe('with "rawBody: true"', () => {
      let host: Host;
      beforeAll(async () => {
        host = await startHost({ ...setup, dataSource, nest: { rawBody: true } });
      });
      afterAll(() => host.application.close());

      it('lets authentic requests pass, with the body parsed and the facts at hand', async () => {
        const response = await send(host, { id: 'msg_own', headers: 'webhook' });
        expect(response.status).toBe(200);
        expect(await response.json()).toEqual({
          body: { a: 1 },
          verified: {
            id: 'msg_own',
            signedAtMs: expect.any(Number),
            clockSkewMs: expect.any(Number),
            secretFingerprint: expect.stringMatching(/^[0-9a-f]{8}$/),
          },
        });
      });

      it.each<[string, Partial<SignWebhookOptions>, Record<string, string>]>([
        ['is forged', {}, { 'svix-id': 'msg_forged' }],
        ['is too old', { at: new Date(0) }, {}],
        ['is forged and empty', { body: '' }, { 'svix-id': 'msg_forged', ...FORM }],
      ])('answers 401 without a reason when a request %s', async (_what, signing, change) => {
        const response = await send(host, signing, change);
        expect(response.status).toBe(401);
        expect(await response.json()).toEqual({ message: 'Unauthorized', statusCode: 401 });
      });

      it('leaves our own route as it is', () => expectWebhooksWork(host.origin));
    });

    it('answers 500 without "rawBody: true", and the log says what to set', async () => {
      const log = new RecordingLogger();
      const host = await startHost({ ...setup, dataSource, nest: { logger: log } });
      const response = await send(host, {});
      await host.application.close();
      expect(response.status).toBe(500);
      expect(await response.text()).not.toContain('rawBody');
      expect(log.lines.join('\n')).toContain('Create the application with "rawBody: true"');
    });

    it('is named by the error of a handler that asks for the facts without it', async () => {
      const log = new RecordingLogger();
      const host = await startHost({ ...setup, dataSource, nest: { logger: log } });
      const response = await send(host, {}, {}, '/own/open');
      await host.application.close();
      expect(response.status).toBe(500);
      expect(log.lines.join('\n')).toContain('SvixSignatureGuard has not run for this request');
    });
  });
});
