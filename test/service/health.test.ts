import type { AddressInfo, Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Readiness } from '../../src/service/health/readiness.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { ADAPTERS } from '../support/test-application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { startTestService, type TestService } from '../support/test-service.js';
import { waitUntil } from '../support/wait-until.js';

describe.each(ADAPTERS)('HealthController, on %s', (adapter) => {
  let service: TestService;
  let elsewhere: TestDatabase;

  beforeAll(async () => {
    service = await startTestService({ POSTACK_HTTP_ADAPTER: adapter });
    elsewhere = await createTestDatabase();
  });
  afterAll(async () => {
    await service.close();
    await elsewhere.drop();
  });

  /** Allows or closes connections to the service's database. */
  async function allowConnections(allow: boolean): Promise<void> {
    const name = new URL(service.database.url).pathname.slice(1);
    await elsewhere.query(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS ${allow}`);
    await elsewhere.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
      name,
    ]);
  }

  it('needs no key', async () => {
    for (const path of ['/health/live', '/health/ready']) {
      expect(await service.get(path, null)).toMatchObject({ status: 200, body: { status: 'ok' } });
    }
  });

  it('is "not ready" but alive while the database is unavailable', async () => {
    const logger = new RecordingLogger();
    Logger.overrideLogger(logger);
    await allowConnections(false);
    for (let i = 0; i < 2; i += 1) {
      expect(await service.get('/health/ready', null)).toMatchObject({
        status: 503,
        contentType: expect.stringMatching(/^application\/problem\+json/),
        body: {
          type: 'about:blank',
          title: 'Service Unavailable',
          status: 503,
          detail: 'Database does not commit',
        },
      });
    }
    expect(await service.get('/health/live', null)).toMatchObject({ status: 200 });
    for (const path of ['events', 'reports/export', 'opt-outs/export']) {
      const answer = await service.get(`/api/v1/${path}`);
      expect(answer).toMatchObject({
        status: 503,
        contentType: expect.stringMatching(/^application\/problem\+json/),
        body: {
          type: 'about:blank',
          title: 'Service Unavailable',
          status: 503,
          detail: 'Database unavailable',
        },
      });
      expect(answer.headers.get('retry-after')).toBe('5');
    }

    await allowConnections(true);
    const ready = async () => (await service.get('/health/ready', null)).status === 200 || undefined;
    await waitUntil(ready, { what: () => 'readiness' });
    Logger.overrideLogger(false);
    // Each change is logged once, with the reason.
    const logged = logger.lines.filter((line) => /ready/i.test(line));
    expect(logged).toEqual([
      expect.stringMatching(/^Not ready: Database does not commit: .*\w+/),
      'Ready again',
    ]);
  });

  it('is served at every address of the machine, unless HOST names one', async () => {
    const everywhere = await startTestService({ POSTACK_HTTP_ADAPTER: adapter, HOST: '' });
    const addressOf = ({ running }: TestService) =>
      ((running.application.getHttpServer() as Server).address() as AddressInfo).address;
    expect(addressOf(everywhere)).toMatch(/^(?:::|0\.0\.0\.0)$/);
    expect(addressOf(service)).toBe('127.0.0.1');
    await everywhere.close();
  });

  it('is "not ready" while it stops', async () => {
    const { application } = service.running;
    const readiness = application.get(Readiness);
    expect(await readiness.problem()).toBeUndefined();
    readiness.onModuleDestroy();
    expect(await readiness.problem()).toBe('Service is starting or stopping');
    readiness.onApplicationBootstrap();
  });
});
