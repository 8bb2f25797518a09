import type { RequestListener, Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterAll, afterEach, beforeAll } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { RecordingLogger } from '../support/recording-logger.js';
import { createTestDatabase, openDataSource, type TestDatabase } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';
import { hostModule, type HostSetup, newAdapter } from './host-application.js';

/** What a start without trouble logs. */
export const STARTED = 'Receiving webhooks at POST /api/v1/webhooks';

/** How the line of a failed self-check begins. */
export const FAILED =
  'Webhook self-check failed: POST /api/v1/webhooks does not come first, so webhooks can be changed or rejected ' +
  'before they are verified: ';

/** Hosts on one database, one at a time, and what our module logs while they start. */
export function checkedHosts() {
  let database: TestDatabase;
  let dataSource: DataSource;
  let application: INestApplication | undefined;
  let log: RecordingLogger;
  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await openDataSource(database.url);
  });
  afterEach(async () => {
    await application?.close();
    application = undefined;
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  const lines = () =>
    log.lines
      .filter((line) => /^Receiving|self-check/.test(line))
      // Nest passes the place of a stack trace along.
      .map((line) => line.replace(/ undefined$/, ''));
  return {
    /** Creates and initialises it; listens after `beforeListen`. */
    start: async (setup: HostSetup, beforeListen?: (application: INestApplication) => void) => {
      const adapter = typeof setup.adapter === 'string' ? newAdapter(setup.adapter) : setup.adapter;
      log = new RecordingLogger();
      const created = await NestFactory.create(hostModule({ dataSource, ...setup }), adapter, {
        logger: log,
        abortOnError: false,
      });
      application = created;
      setup.configure?.(created);
      await created.init();
      beforeListen?.(created);
      await created.listen(0, '127.0.0.1');
      return created;
    },
    lines,
    /** What the line of a failed self-check says after its beginning. */
    failure: () =>
      waitUntil(
        () =>
          lines()
            .find((line) => line.startsWith(FAILED))
            ?.slice(FAILED.length),
        { what: () => `a failed self-check in ${log.lines.join('\n')}` },
      ),
  };
}

/** Replaces what listens to the server's requests, and gives it to what replaces it. */
export function wrapServer(host: INestApplication, wrap: (inner: RequestListener) => RequestListener): void {
  const server = host.getHttpServer() as Server;
  const [inner] = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request');
  server.on('request', wrap(inner!));
}
