import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  isAlive,
  postmasterPid,
  SEND_TEST_EVENT,
  type ServiceProcess,
  ServiceProcesses,
} from '../support/service-process.js';

const processes = new ServiceProcesses();

/** One message without a stack, exit code 1, and no database left running. */
async function expectRefusal(service: ServiceProcess, message: RegExp): Promise<void> {
  expect(await service.exit).toBe(1);
  expect(service.stderr).toMatch(message);
  expect(service.stderr).not.toMatch(/^ +at /m);
  expect(service.stdout).toBe('');
  const postmaster = await postmasterPid(service.cwd);
  expect(postmaster !== undefined && isAlive(postmaster)).toBe(false);
}

describe('ServiceConfig, when the service does not start', () => {
  afterEach(() => processes.clear());

  it('with wrong settings, and names all of them', async () => {
    const environment = { PORT: 'http', POSTACK_HTTP_ADAPTER: 'koa', POSTACK_ROLE: 'boss' };
    await expectRefusal(
      processes.start(await processes.directory(), environment),
      /^Environment: \n(?= .*PORT must be)[^]*(?= .*POSTACK_HTTP_ADAPTER must be)[^]*(?= .*POSTACK_ROLE must be)/,
    );
  });

  it('at an address that is not of this machine', async () => {
    await expectRefusal(
      processes.start(await processes.directory(), { HOST: '192.0.2.1' }),
      /^HTTP: HOST is not an address of this machine\. Unset it to listen on all addresses\n$/,
    );
  });

  it('when its data directory cannot be written', async () => {
    const cwd = await processes.directory();
    await writeFile(join(cwd, 'file'), '');
    for (const dataDir of ['file', 'file/data']) {
      await expectRefusal(
        processes.start(cwd, { POSTACK_DATA_DIR: dataDir }),
        /^Embedded PostgreSQL: the data directory \S+ is not writable \(E\w+: .*\)\. Set POSTACK_DATA_DIR.*\n$/,
      );
    }
  });

  it('when .env cannot be read', async () => {
    const cwd = await processes.directory();
    await mkdir(join(cwd, '.env'));
    await expectRefusal(processes.start(cwd), /^\.env: cannot read the file: .*\n$/);
  });

  it('when a kept credential is empty', async () => {
    const cwd = await processes.directory();
    await mkdir(join(cwd, '.postack'));
    await writeFile(join(cwd, '.postack', 'postgres-password'), '\n');
    await expectRefusal(
      processes.start(cwd),
      /^Data directory: \S+postgres-password is empty\. .*delete it.*\n$/,
    );
  });
});

describe('the service does not start with a damaged database', () => {
  let cwd: string;
  let file: (name: string) => string;

  beforeAll(async () => {
    cwd = await processes.directory();
    file = (name) => join(cwd, '.postack', name);
    const service = processes.start(cwd);
    await service.banner();
    service.kill('SIGTERM');
    await service.exit;
  }, 90_000);
  afterAll(() => processes.clear());

  it('that is incomplete', async () => {
    await rename(file('postgres/global/pg_control'), file('pg_control'));
    await expectRefusal(
      processes.start(cwd),
      /^Embedded PostgreSQL: \S+ is incomplete: "global\/pg_control" is missing\. .*\n$/,
    );
    await rename(file('pg_control'), file('postgres/global/pg_control'));
  });

  it('that PostgreSQL does not start, and shows the end of its log', async () => {
    await rename(file('postgres/pg_xact'), file('pg_xact'));
    await expectRefusal(
      processes.start(cwd),
      /^Embedded PostgreSQL: it failed to start\. Last lines of \S+postgres\.log:\n(?: {4}.*\n){1,3}$/,
    );
    await rename(file('pg_xact'), file('postgres/pg_xact'));
  });

  it('without its password', async () => {
    await rename(file('postgres-password'), file('saved'));
    await expectRefusal(
      processes.start(cwd),
      /^Embedded PostgreSQL: the password in \S+ is wrong for the database in \S+\. Restore.*\n$/,
    );
    await rename(file('saved'), file('postgres-password'));
  });

  it('and starts again once it is repaired, despite the leftovers of an interrupted first start', async () => {
    await mkdir(file('postgres.initialising/base'), { recursive: true });
    await writeFile(file('postgres/postmaster.pid'), '4194399\n/somewhere\n1\n5432\n');
    const service = processes.start(cwd, { POSTACK_SURPRISE: 'yes', HTTP_ADAPTER: 'koa' });
    await service.banner();
    expect(service.stderr.split('\n').toSorted()).toEqual([
      '',
      'Warning: HTTP_ADAPTER is now POSTACK_HTTP_ADAPTER; the old name is ignored.',
      'Warning: POSTACK_SURPRISE is not a setting of this service; ignored. Check the spelling.',
    ]);
    service.kill('SIGTERM');
    expect(await service.exit).toBe(0);
  });
});

describe('.env', () => {
  afterAll(() => processes.clear());

  it('configures the service and the test event, and the environment wins', async () => {
    const cwd = await processes.directory();
    const secret = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
    const lines = [`POSTACK_WEBHOOK_SECRET="${secret}"`, 'POSTACK_ADMIN_KEY=a-key-from-env-file', 'PORT=1'];
    await writeFile(join(cwd, '.env'), lines.join('\n'));
    const service = processes.start(cwd, { POSTACK_HTTP_ADAPTER: 'fastify' });
    const { webhookUrl, secret: printed, adminKey } = await service.banner();
    // Configured credentials are not printed.
    expect({ printed, adminKey }).toEqual({});

    const sending = processes.run([SEND_TEST_EVENT, '--url', webhookUrl, '--type', 'message.failed'], cwd);
    expect({ exit: await sending.exit, stderr: sending.stderr }).toEqual({ exit: 0, stderr: '' });
    expect(sending.stdout).toMatch(
      /→ done\n(?: {2}projection .*\n)+ {2}listener failures\.react: done after 1 call\n {2}listener failures\.warn: done after 1 call\n/,
    );
  }, 90_000);
});
