import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { signWebhook } from '../../src/testing/index.js';
import {
  type Banner,
  isAlive,
  postmasterPid,
  PROGRAM,
  SEND_TEST_EVENT,
  type ServiceProcess,
  ServiceProcesses,
} from '../support/service-process.js';
import { messageBody } from '../support/test-application.js';
import { waitUntil } from '../support/wait-until.js';

const processes = new ServiceProcesses();

afterAll(() => processes.clear());

describe('startService, with the default settings', () => {
  let cwd: string;
  let service: ServiceProcess;
  let banner: Banner;
  let eventId: string;

  beforeAll(async () => {
    cwd = await processes.directory();
    service = processes.start(cwd);
    banner = await service.banner();
  }, 90_000);

  it('prints its URL, its credentials, a command to try it and the table of listeners, and nothing else', () => {
    expect(banner.webhookUrl).toBe(`${banner.origin}/api/v1/webhooks`);
    expect(banner.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(banner.adminKey).toMatch(/^[\w-]{32}$/);
    expect(banner.command).toBe(
      `send-test-event -- --url ${banner.webhookUrl} --data-dir ${join(cwd, '.postack')}`,
    );
    expect(service.stderr).toBe('');
    expect(service.stdout).toContain('Sending         disabled until POSTACK_API_KEY is set');
    expect(service.stdout).toContain('message.received    → messages, opt-outs | –');
    // Neither Nest's own lines nor, without a terminal, colours.
    expect(service.stdout).not.toMatch(/InstanceLoader|RoutesResolver|RouterExplorer|NestFactory/);
    expect(service.stdout).not.toContain('\u001b');
  });

  it('handles the test event that the printed command sends', async () => {
    const sending = processes.run([SEND_TEST_EVENT, ...banner.command!.split(' ').slice(2)], cwd);
    expect(await sending.exit).toBe(0);
    expect(sending.stdout).toMatch(/→ 204 No Content, postack-receipt: accepted\n/);
    expect(sending.stdout).toMatch(/→ done\n {2}projection messages: done\n/);
    eventId = /svix-id (\S+)/.exec(sending.stdout)![1]!;
  });

  it('stops on Ctrl-C with exit code 0, and its database with it', async () => {
    const postmaster = (await postmasterPid(cwd))!;
    expect(isAlive(postmaster)).toBe(true);
    service.pressCtrlC();
    expect(await service.exit).toBe(0);
    expect(service.stdout).toMatch(/Stopped\.\n$/);
    expect(service.stderr).toBe('');
    expect(isAlive(postmaster)).toBe(false);
  });

  it('has the same secret, key and events after a restart', async () => {
    const restarted = processes.start(cwd);
    const { origin, secret, adminKey } = await restarted.banner();
    expect({ secret, adminKey }).toEqual({ secret: banner.secret, adminKey: banner.adminKey });
    expect(await statusOf(eventId, origin, adminKey)).toBe('done');
    await stop(restarted);
  });

  it('takes over the database that a killed service left running', async () => {
    const killed = processes.start(cwd);
    await killed.banner();
    const postmaster = await postmasterPid(cwd);
    killed.kill('SIGKILL');
    expect(await killed.exit).toBe('SIGKILL');

    service = processes.start(cwd);
    banner = await service.banner();
    expect(await postmasterPid(cwd)).toBe(postmaster);
    expect(await statusOf(eventId, banner.origin, banner.adminKey)).toBe('done');
  });

  it('does not share its data directory, and keeps running', async () => {
    const second = processes.start(cwd);
    expect(await second.exit).toBe(1);
    expect(second.stderr).toMatch(
      /^Embedded PostgreSQL: another service is using \S+\. Stop it, set POSTACK_DATA_DIR to another.*\n$/,
    );
    expect(await statusOf(eventId, banner.origin, banner.adminKey)).toBe('done');
  });

  it('rejects a busy port before it starts a database', async () => {
    const { port } = new URL(banner.origin);
    const elsewhere = await processes.directory();
    const second = processes.start(elsewhere, { PORT: port });
    expect(await second.exit).toBe(1);
    expect(second.stderr).toMatch(
      new RegExp(`^HTTP: port ${port} is in use by another program\\. Stop it, .*\\n$`),
    );
    expect(await readdir(elsewhere)).toEqual([]);
  });

  it('stops once, however often Ctrl-C arrives at the same moment', async () => {
    const postmaster = (await postmasterPid(cwd))!;
    service.kill('SIGINT');
    await service.printed(/SIGINT: shutting down gracefully\. Press Ctrl-C again to force\./);
    service.kill('SIGINT');
    expect(await service.exit).toBe(0);
    expect(isAlive(postmaster)).toBe(false);
  });

  it('stops when npm is killed, without a signal of its own', async () => {
    const line = `"${process.execPath}" "${PROGRAM}"; exit $?`;
    const environment = { PORT: '0', npm_lifecycle_script: 'node --max-semi-space-size=8 dist/src/main.js' };
    const shell = processes.run(['-c', line], cwd, environment, 'sh');
    await shell.banner();
    const postmaster = (await postmasterPid(cwd))!;
    shell.kill('SIGTERM');
    // Not before the last one has ended that holds its output.
    await shell.exit;
    expect(shell.stdout).toMatch(/npm exited: shutting down gracefully\. .*\nStopped\.\n$/);
    expect(isAlive(postmaster)).toBe(false);
  });

  it('stops its database too after an uncaught exception', async () => {
    const fault = `process.on('SIGUSR2', () => { throw new Error('Unexpected'); });`;
    const options = `--import "data:text/javascript,${encodeURIComponent(fault)}"`;
    const faulty = processes.start(cwd, { NODE_OPTIONS: options });
    await faulty.banner();
    const postmaster = (await postmasterPid(cwd))!;
    faulty.kill('SIGUSR2');
    expect(await faulty.exit).toBe(1);
    expect(faulty.stderr).toMatch(/^Uncaught exception: Error: Unexpected\n +at /);
    expect(faulty.stdout).toMatch(/Stopped\.\n$/);
    expect(isAlive(postmaster)).toBe(false);
  });

  it('restarts its database when that is killed, and responds with 503 meanwhile', async () => {
    const running = processes.start(cwd);
    const { origin, webhookUrl, secret, adminKey } = await running.banner();
    process.kill((await postmasterPid(cwd))!, 'SIGKILL');
    await running.printed(
      /Embedded PostgreSQL stopped unexpectedly; restarting it\. Webhooks get 503 until then/,
    );
    const { id, headers, body } = signWebhook({ secret, body: messageBody('message.received') });
    const post = () => fetch(webhookUrl, { method: 'POST', headers, body });
    const refused = await post();
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('5');

    await running.printed(/Embedded PostgreSQL restarted/);
    expect((await post()).status).toBe(204);
    await waitUntil(async () => (await statusOf(id, origin, adminKey)) === 'done' || undefined, {
      what: () => `event ${id} done in:\n${running.output}`,
    });
    const postmaster = (await postmasterPid(cwd))!;
    await stop(running);
    expect(isAlive(postmaster)).toBe(false);
  });
});

describe('a first start', () => {
  afterEach(() => processes.clear());

  it('that is interrupted ends cleanly, and so does the next one', async () => {
    const cwd = await processes.directory();
    const cutShort = processes.start(cwd);
    await initdbIn(cwd);
    cutShort.pressCtrlC();
    expect(await cutShort.exit).toBe(0);
    expect(cutShort.stderr).toBe('');
    expect(cutShort.stdout).not.toContain('Webhook URL');
    expect(await postmasterPid(cwd)).toBeUndefined();

    const next = processes.start(cwd);
    await next.banner();
    await stop(next);
  }, 90_000);

  it('that was killed leaves nothing that breaks the next one', async () => {
    const cwd = await processes.directory();
    const killed = processes.start(cwd);
    await initdbIn(cwd);
    killed.kill('SIGKILL');
    await killed.exit;

    const next = processes.start(cwd);
    await next.banner();
    await stop(next);
  }, 90_000);

  it('of two services at once on one directory brings exactly one up', async () => {
    const cwd = await processes.directory();
    const both = [processes.start(cwd), processes.start(cwd)];
    const refused = await Promise.race(both.map(async (one) => ((await one.exit) === 1 ? one : undefined)));
    expect(refused?.stderr).toMatch(/^Embedded PostgreSQL: another service is using \S+\./);
    const other = both.find((one) => one !== refused)!;
    await other.banner();
    await stop(other);
  }, 90_000);
});

/** Waits until the files of a database are being made. */
async function initdbIn(cwd: string): Promise<void> {
  const unfinished = async () => {
    const names = await readdir(join(cwd, '.postack')).catch(() => []);
    const name = names.find((one) => /^postgres\.initialising\.\d+$/.test(one));
    const files = name === undefined ? [] : await readdir(join(cwd, '.postack', name)).catch(() => []);
    return files.length > 0 || undefined;
  };
  await waitUntil(unfinished, { what: () => 'initdb to begin', everyMs: 5 });
}

async function stop(service: ServiceProcess): Promise<void> {
  service.kill('SIGINT');
  expect({ exit: await service.exit, stderr: service.stderr }).toEqual({
    exit: 0,
    stderr: expect.any(String),
  });
}

async function statusOf(id: string, origin: string, adminKey: string): Promise<string> {
  const answer = await fetch(`${origin}/api/v1/events/${id}`, {
    headers: { authorization: `Bearer ${adminKey}` },
  });
  return ((await answer.json()) as { status: string }).status;
}
