import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { EventDetail } from '../dispatch/outcomes/event-queries.js';
import { KNOWN_EVENT_TYPES } from '../events/event-types.js';
import { signWebhook } from '../testing/sign-webhook.js';
import { ADMIN_KEY_FILE, WEBHOOK_SECRET_FILE } from '../service/config/development-credentials.js';
import { loadEnvFile } from '../service/config/env-file.js';
import { readSetting } from '../service/config/environment.js';

// `npm run send-test-event`: posts one signed event to a running service and prints the result.

const USAGE = `Usage: npm run send-test-event -- [options]

  --type TYPE      event type (default message.received; known: ${KNOWN_EVENT_TYPES.join(', ')})
  --text TEXT      text of the message
  --from NUMBER    sender (default +15550100001)
  --to NUMBER      recipient (default +15550100002)
  --url URL        webhook URL (default http://localhost:3000/api/v1/webhooks, or with PORT and
                   POSTACK_WEBHOOK_PATH)
  --data-dir DIR   data directory of the service, for its development secret and admin key (default
                   .postack); POSTACK_WEBHOOK_SECRET and POSTACK_ADMIN_KEY, also from .env, take precedence`;

type CredentialName = 'POSTACK_WEBHOOK_SECRET' | 'POSTACK_ADMIN_KEY';

/** Time limit of the wait for the listeners. */
const WAIT_MS = 10_000;

async function main(): Promise<void> {
  loadEnvFile();
  const { values } = parseArgs({
    options: {
      type: { type: 'string', default: 'message.received' },
      text: { type: 'string', default: 'Hello from a test event' },
      from: { type: 'string', default: '+15550100001' },
      to: { type: 'string', default: '+15550100002' },
      url: { type: 'string', default: defaultUrl() },
      'data-dir': { type: 'string', default: readSetting(process.env, 'POSTACK_DATA_DIR') ?? '.postack' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const read = (variable: CredentialName, file: string) =>
    credential(variable, join(values['data-dir'], file));
  const { type, from, to, text } = values;
  const isFailure = type === 'message.undelivered' || type === 'message.failed';
  const { id, headers, body } = signWebhook({
    secret: await read('POSTACK_WEBHOOK_SECRET', WEBHOOK_SECRET_FILE),
    body: {
      type,
      timestamp: new Date().toISOString(),
      data: {
        id: `SM${randomUUID()}`,
        from,
        to,
        text,
        segments: 1,
        ...(isFailure && { errorCode: '30003' }),
      },
    },
  });

  console.log(`POST ${values.url}\n${type}, svix-id ${id}`);
  const response = await fetch(values.url, { method: 'POST', headers, body }).catch((error: unknown) => {
    throw new Error(`No response from ${values.url}. Is the service running? Start it with: npm start`, {
      cause: error,
    });
  });
  console.log(
    `→ ${response.status} ${response.statusText}, postack-receipt: ${response.headers.get('postack-receipt') ?? '–'}`,
  );
  if (!response.ok) {
    console.error(await response.text());
    throw new Error('The service rejected the event; see its log for the reason.');
  }

  const adminKey = await read('POSTACK_ADMIN_KEY', ADMIN_KEY_FILE);
  const url = new URL(`/api/v1/events/${id}`, values.url);
  const event = await processedEvent(url, adminKey);
  console.log(`\nGET ${url.href}\n→ ${event.status}`);
  for (const { name, status } of event.projections) console.log(`  projection ${name}: ${status}`);
  for (const { name, status, attempts } of event.listeners) {
    console.log(`  listener ${name}: ${status} after ${attempts} ${attempts === 1 ? 'call' : 'calls'}`);
  }
  if (event.listeners.length === 0)
    console.log('  no listener is subscribed to this type; the README shows how to add one');
}

/** Webhook URL of a local service with the same settings. */
function defaultUrl(): string {
  const path = readSetting(process.env, 'POSTACK_WEBHOOK_PATH') ?? '/api/v1/webhooks';
  return `http://localhost:${readSetting(process.env, 'PORT') ?? '3000'}${path}`;
}

async function credential(variable: CredentialName, file: string): Promise<string> {
  // Of several secrets, the newest comes first.
  const value = readSetting(process.env, variable)?.split(/[\s,]+/)[0];
  if (value) return value;
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw new Error(
      `${variable} is not set, and ${file} cannot be read. Start the service first: npm start`,
      {
        cause,
      },
    );
  }
}

/** The event once it is processed, or as it is after `WAIT_MS`. */
async function processedEvent(url: URL, adminKey: string): Promise<EventDetail> {
  const deadline = Date.now() + WAIT_MS;
  for (;;) {
    const answer = await fetch(url, { headers: { authorization: `Bearer ${adminKey}` } });
    if (!answer.ok) throw new Error(`GET ${url.href} → ${answer.status}: ${await answer.text()}`);
    const event = (await answer.json()) as EventDetail;
    if (event.status !== 'pending' || Date.now() > deadline) return event;
    await sleep(50);
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  if (error instanceof TypeError && 'code' in error) console.error(USAGE);
  process.exitCode = 1;
});
