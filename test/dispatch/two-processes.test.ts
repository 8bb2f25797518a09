import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { signWebhook } from '../../src/testing/index.js';
import { messageBody, TEST_SECRET } from '../support/test-application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const MAIN = join(import.meta.dirname, '..', '..', 'dist', 'src', 'main.js');
const ADMIN_KEY = 'a-long-enough-admin-key';

interface Service {
  process: ChildProcess;
  webhookUrl: string;
  output: () => string;
}

async function startService(database: TestDatabase): Promise<Service> {
  let output = '';
  const child = spawn(process.execPath, [MAIN], {
    env: {
      ...process.env,
      PORT: '0',
      HOST: '127.0.0.1',
      DATABASE_URL: database.url,
      POSTACK_WEBHOOK_SECRET: TEST_SECRET,
      POSTACK_ADMIN_KEY: ADMIN_KEY,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const webhookUrl = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const [url] = /http:\S+\/webhooks/.exec(output) ?? [];
      if (url !== undefined) resolve(url);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', (code) => {
      reject(new Error(`The service ended with ${code}:\n${output}`));
    });
  });
  return { process: child, webhookUrl, output: () => output };
}

describe('Dispatcher', () => {
  describe('in two processes on one database', () => {
    let database: TestDatabase;
    let services: Service[];

    beforeAll(async () => {
      database = await createTestDatabase();
      services = await Promise.all([startService(database), startService(database)]);
    });
    afterAll(async () => {
      await Promise.all(
        services.map(async ({ process: child }) => {
          child.kill('SIGTERM');
          await once(child, 'exit');
        }),
      );
      await database.drop();
    });

    it('shares the work: each event is projected once and handled once', async () => {
      const count = 600;
      const statuses = await Promise.all(
        Array.from({ length: count }, async (_, index) => {
          const { headers, body } = signWebhook({
            secret: TEST_SECRET,
            body: messageBody('message.undelivered'),
          });
          const url = services[index % 2]!.webhookUrl;
          return (await fetch(url, { method: 'POST', headers, body })).status;
        }),
      );
      expect(new Set(statuses)).toEqual(new Set([204]));

      await waitUntil(async () => {
        const [row] = await database.query<{ done: string }>(
          `SELECT count(*) AS done FROM postack.delivery
         WHERE handler = 'failures.warn' AND status = 'done' AND attempts = 1`,
        );
        return Number(row?.done) === count;
      });
      const [messages] = await database.query<{ messages: string; facts: string }>(
        `SELECT count(*) AS messages, sum(jsonb_array_length(history)) AS facts FROM postack.message`,
      );
      expect(messages).toEqual({ messages: String(count), facts: String(count) });
      const warnings = services.map(({ output }) => output().match(/was not delivered/g)?.length ?? 0);
      expect(warnings[0]! + warnings[1]!).toBe(count);
      expect(Math.min(...warnings)).toBeGreaterThan(0);
    });
  });
});

async function waitUntil(fact: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 25_000;
  while (!(await fact())) {
    if (Date.now() > deadline) throw new Error('timed out after 25 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
