import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openDatabase } from '../../src/service/database.js';
import { signWebhook } from '../../src/testing/index.js';
import { ServiceProcesses } from '../support/service-process.js';
import { messageBody, TEST_SECRET } from '../support/test-application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';

const ADMIN_KEY = 'admin-key-of-the-tests';
const PASSWORD = 'Pa55w0rd-that-must-not-be-printed';

const processes = new ServiceProcesses();
let database: TestDatabase;

const settings = (url: string) => ({
  DATABASE_URL: url,
  POSTACK_WEBHOOK_SECRET: TEST_SECRET,
  POSTACK_ADMIN_KEY: ADMIN_KEY,
});

/** The test database's URL with parts of it replaced. */
function changed(change: (url: URL) => void): string {
  const url = new URL(database.url);
  change(url);
  return url.href;
}

beforeAll(async () => {
  database = await createTestDatabase({ isEmpty: true });
});
afterAll(async () => {
  await processes.clear();
  await database.drop();
});

describe('startService, with a wrong DATABASE_URL', () => {
  const closedPort = async () => {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    await new Promise((closed) => server.close(closed));
    return port;
  };
  const looks = /^Database: DATABASE_URL must look like postgres:\/\/user:password@host:5432\/database/;

  it.each([
    ['that is no URL', () => `db.example password=${PASSWORD}`, looks],
    ['of another kind of database', () => `mysql://user:${PASSWORD}@db.example/app`, looks],
    ['with a / in the password', () => `postgres://user:${PASSWORD}/x@db.example/app`, looks],
    [
      'with a certificate that does not exist',
      () => `postgres://user:${PASSWORD}@127.0.0.1/app?sslrootcert=/no/such/file`,
      /^Database: cannot use PostgreSQL at 127\.0\.0\.1:5432\/app: ENOENT: .*'\/no\/such\/file'\. Check DATABASE_URL\n$/,
    ],
    [
      'at a closed port',
      async () => `postgres://user:${PASSWORD}@127.0.0.1:${await closedPort()}/app`,
      /^Database: cannot use PostgreSQL at 127\.0\.0\.1:\d+\/app: connect ECONNREFUSED .*\. Check DATABASE_URL\n$/,
    ],
    [
      'with a wrong password',
      () => changed((url) => (url.password = PASSWORD)),
      /^Database: cannot use PostgreSQL at \S+: password authentication failed for user "postgres"\. Check .*\n$/,
    ],
    [
      'of a database that does not exist',
      () => changed((url) => (url.pathname = '/nowhere')),
      /^Database: cannot use PostgreSQL at \S+\/nowhere: database "nowhere" does not exist\. Check .*\n$/,
    ],
  ])('%s ends the start with one message', async (_what, url, message) => {
    const service = processes.start(await processes.directory(), settings(await url()));
    expect(await service.exit).toBe(1);
    expect(service.stderr).toMatch(message);
    expect(service.stderr.trim().split('\n')).toHaveLength(1);
    expect(service.output).not.toContain(PASSWORD);
    expect(service.output).not.toContain(new URL(database.url).password);
  });

  describe('of a server that never responds', () => {
    let silent: Server;

    beforeAll(async () => {
      silent = createServer((socket) => socket.on('error', () => {}).resume());
      await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening));
    });
    afterAll(() => new Promise((closed) => silent.close(closed)));

    it('ends the start after the connect timeout', async () => {
      const { port } = silent.address() as AddressInfo;
      const opening = openDatabase(`postgres://user:${PASSWORD}@127.0.0.1:${port}/app`, 200);
      await expect(opening).rejects.toMatchObject({
        name: 'ConfigurationError',
        message: `Database: cannot use PostgreSQL at 127.0.0.1:${port}/app: no response within 200 ms. Check DATABASE_URL`,
      });
    });
  });

  it('of a user who may not create tables ends the start with the reason', async () => {
    const role = `reader_${process.pid}`;
    await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
    try {
      const url = changed((it) => Object.assign(it, { username: role, password: 'secret' }));
      await expect(openDatabase(url)).rejects.toThrow(/^Database: the migrations failed: permission denied/);
    } finally {
      await database.query(`DROP ROLE ${role}`);
    }
  });
});

describe('two services on one empty database', () => {
  it('start at once, and one handles what the other accepts', async () => {
    const start = async (role: string) =>
      processes.start(await processes.directory(), { ...settings(database.url), POSTACK_ROLE: role });
    const [accepting, working] = await Promise.all([start('accept'), start('work')]);
    const [front, back] = await Promise.all([accepting.banner(), working.banner()]);
    expect(working.stdout).toContain('POSTACK_ROLE=work: no webhooks');
    // Configured credentials are not printed.
    expect(`${accepting.output}${working.output}`).not.toContain(ADMIN_KEY);

    const { id, headers, body } = signWebhook({ secret: TEST_SECRET, body: messageBody('message.failed') });
    const toBack = await fetch(`${back.origin}/api/v1/webhooks`, { method: 'POST', headers, body });
    expect(toBack.status).toBe(404);
    const toFront = await fetch(front.webhookUrl, { method: 'POST', headers, body });
    expect(toFront.status).toBe(204);

    const authorization = `Bearer ${ADMIN_KEY}`;
    for (const origin of [front.origin, back.origin]) {
      const event = await waitUntil(
        async () => {
          const answer = await fetch(`${origin}/api/v1/events/${id}`, { headers: { authorization } });
          const found = (await answer.json()) as { status: string };
          return found.status === 'done' ? found : undefined;
        },
        { what: () => `event ${id} done in:\n${accepting.output}\n${working.output}` },
      );
      expect(event).toMatchObject({
        listeners: [
          { name: 'failures.react', status: 'done', attempts: 1 },
          { name: 'failures.warn', status: 'done', attempts: 1 },
        ],
      });
    }
    expect(working.stdout).toContain(`(event ${id})`);
    expect(accepting.stdout).not.toContain(id);

    for (const service of [accepting, working]) {
      service.kill('SIGTERM');
      expect({ exit: await service.exit, stderr: service.stderr }).toEqual({ exit: 0, stderr: '' });
    }
  });
});
