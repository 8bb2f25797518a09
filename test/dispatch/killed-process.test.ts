import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, expect, it } from '@jest/globals';
import { signWebhook } from '../../src/testing/index.js';
import { messageBody, TEST_SECRET } from '../support/test-application.js';
import { createTestDatabase } from '../support/test-database.js';

const started: ChildProcess[] = [];

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

afterEach(() => Promise.all(started.map(kill)));

/** Starts the application and returns what it prints, line by line, as it is asked for. */
function startApp(databaseUrl: string, env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'one-listener-app.js')], {
    env: { ...process.env, DATABASE_URL: databaseUrl, SECRET: TEST_SECRET, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, line: async () => (await lines.next()).value! };
}

it('what a killed process was doing is taken over by another within 30 seconds', async () => {
  const database = await createTestDatabase();
  const first = startApp(database.url, { HANG: '1' });
  const origin = (await first.line()).replace('listening ', '');
  const { id, headers, body } = signWebhook({ secret: TEST_SECRET, body: messageBody('message.received') });
  const response = await fetch(`${origin}/api/v1/webhooks`, { method: 'POST', headers, body });
  expect(response.status).toBe(204);
  expect(await first.line()).toBe(`called ${id} 1`);

  const second = startApp(database.url);
  expect(await second.line()).toMatch(/^listening /);
  await kill(first.child);
  const killedAt = Date.now();
  expect(await second.line()).toBe(`called ${id} 2`);
  expect(Date.now() - killedAt).toBeLessThan(30_000);

  await kill(second.child);
  await database.drop();
}, 60_000);
