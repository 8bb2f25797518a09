import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WebhookCounters } from '../../src/index.js';
import { EmbeddedPostgres } from '../../src/service/embedded-postgres/embedded-postgres.js';
import { waitForEvent } from '../../src/testing/index.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { messageBody, startTestApplication, type TestApplication } from '../support/test-application.js';
import { expectUnavailable, postUntilAccepted, storedCount } from './delivery.js';
import { TcpProxy } from './tcp-proxy.js';

const OTHER_SECRET = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;

describe('WebhookController', () => {
  describe('while PostgreSQL is down', () => {
    /** One of this file's own, behind a proxy whose port stays when it comes back on another. */
    let postgres: EmbeddedPostgres;
    let directory: string;
    let proxy: TcpProxy;
    let app: TestApplication;
    const log = new RecordingLogger();
    const event = () => messageBody('message.received', { text: 'my PIN is 4711' });

    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'nestjs-postack-test-'));
      postgres = await EmbeddedPostgres.start(directory);
      proxy = await TcpProxy.start(() => Number(new URL(postgres.url).port));
      const url = new URL(postgres.url);
      url.port = String(proxy.port);
      app = await startTestApplication({
        database: {
          url: url.href,
          query: (text, values) => app.dataSource.query(text, values),
          drop: () => Promise.resolve(),
        },
        configure: (application) => {
          application.useLogger(log);
        },
      });
    }, 60_000);

    afterAll(async () => {
      await app.close();
      await proxy.stop();
      await postgres.stop();
      await rm(directory, { recursive: true, force: true });
    });

    it('webhooks are answered 503, and 204 again once it is back, without a restart of ours', async () => {
      expect((await app.post(event(), { id: 'msg_before' })).status).toBe(204);
      await waitForEvent(app.application, 'msg_before');

      await postgres.stop();
      const ids = Array.from({ length: 10 }, (_, index) => `msg_down_${index}`);
      for (const response of await Promise.all(ids.map((id) => app.post(event(), { id })))) {
        await expectUnavailable(response);
      }
      await expectUnavailable(await app.post(event(), { id: 'msg_before' }));
      await expectUnavailable(await app.post('not JSON'));
      expect((await app.post(event(), { secret: OTHER_SECRET })).status).toBe(401);
      expect((await fetch(app.webhookUrl)).status).toBe(404);

      postgres = await EmbeddedPostgres.start(directory);
      await Promise.all(ids.map((id) => postUntilAccepted(app, id, event())));
      expect(await storedCount(app, [...ids, 'msg_before'])).toBe(11);
      const again = await app.post(event(), { id: 'msg_before' });
      expect(again.headers.get('postack-receipt')).toBe('duplicate');
      for (const id of ids) expect(await waitForEvent(app.application, id)).toMatchObject({ status: 'done' });
    }, 60_000);

    it('the log and a counter tell why, and nothing private', () => {
      const { 'storage-unavailable': count = 0 } = app.application.get(WebhookCounters).snapshot();
      expect(count).toBeGreaterThanOrEqual(12);
      const lines = log.lines.filter((line) => line.startsWith('Accepting webhooks (503'));
      expect(lines).toHaveLength(2);
      expect(lines[1]).toContain(`recovered after`);
      expect(lines[1]).toContain(`and ${count} failures`);
      expect(lines[0]).toContain('PostgreSQL did not commit');
      expect(log.lines.join('\n')).not.toMatch(/4711|15550100001|whsec_|v1,/);
      expect(log.lines.join('\n')).not.toContain(new URL(postgres.url).password);
    });
  });
});
