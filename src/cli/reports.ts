import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { parseArgs } from 'node:util';
import type { Freshness } from '../reports/freshness.js';
import type { RebuildProgress } from '../reports/report-rebuild.js';
import { ADMIN_KEY_FILE } from '../service/config/development-credentials.js';
import { loadEnvFile } from '../service/config/env-file.js';
import { readSetting } from '../service/config/environment.js';
import { poll } from '../testing/poll.js';

// `npm run reports -- rebuild --since 2026-01-01`: rebuilds the reports of a running service and prints the progress.
// `npm run reports -- wait`: waits until they contain all events acknowledged so far.

const USAGE = `Usage: npm run reports -- rebuild --since TIME [options]
       npm run reports -- wait [options]

rebuild            recomputes the reports and prints the progress. If interrupted, the service continues
wait               waits until the reports contain all events that were acknowledged before the call

  --since TIME     start of the period to rebuild, such as 2026-01-31 or 2026-01-31T08:00:00Z
  --timeout N      seconds to wait at most (default 60)
  --url URL        URL of the service (default http://localhost:3000, or with the port in PORT)
  --data-dir DIR   data directory of the service, for its development admin key (default .postack);
                   POSTACK_ADMIN_KEY, also from .env, takes precedence`;

const POLL_INTERVAL_MS = 250;

type ProgressLine = RebuildProgress | { isDone: true };

/** Requests a path below `/api/v1/reports/`. @throws unless the service accepts the request. */
type Request = (path: string, body?: object) => Promise<Response>;

async function main(): Promise<void> {
  loadEnvFile();
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      since: { type: 'string' },
      timeout: { type: 'string', default: '60' },
      url: { type: 'string', default: `http://localhost:${readSetting(process.env, 'PORT') ?? '3000'}` },
      'data-dir': { type: 'string', default: readSetting(process.env, 'POSTACK_DATA_DIR') ?? '.postack' },
      help: { type: 'boolean', default: false },
    },
  });
  const { since, help } = values;
  const command = positionals.join(' ');
  const isComplete = command === 'wait' || (command === 'rebuild' && since !== undefined);
  if (help || !isComplete) {
    console.log(USAGE);
    process.exitCode = help ? 0 : 1;
    return;
  }
  const timeoutSeconds = secondsOf(values.timeout);
  const url = urlOf(values.url);
  const request = requestsTo(url, await adminKeyIn(values['data-dir']));
  if (command === 'wait') await wait(request, timeoutSeconds);
  else await printProgress(await request('rebuild', { since }));
}

function requestsTo(url: URL, adminKey: string): Request {
  return async (path, body) => {
    const response = await fetch(new URL(`/api/v1/reports/${path}`, url), {
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
    }).catch((cause: unknown) => {
      throw new Error(`No response from ${url.origin}. Is the service running? Start it with: npm start`, {
        cause,
      });
    });
    if (response.ok) return response;
    throw new Error(`The service responded with ${response.status}: ${await response.text()}`);
  };
}

/** @throws when the reports are not complete in time. */
async function wait(request: Request, timeoutSeconds: number): Promise<void> {
  const read = async () => (await (await request('freshness')).json()) as Record<keyof Freshness, string>;
  const { now: calledAt } = await read();
  const completeTo = await poll<string>(
    async () => {
      const { asOf } = await read();
      if (asOf >= calledAt) return { found: asOf };
      return {
        timedOut: () =>
          `After ${timeoutSeconds} s, the reports are complete only up to ${asOf}: events are waiting to be dispatched. ` +
          'See /health/ready and the log of the service',
      };
    },
    { timeoutMs: timeoutSeconds * 1000, everyMs: POLL_INTERVAL_MS },
  );
  console.log(`The reports are complete up to ${completeTo}`);
}

/** @throws unless it is a number of seconds. */
function secondsOf(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== '' && seconds >= 0 && seconds < Infinity) return seconds;
  throw new Error(`--timeout must be a number of seconds, not "${text}"`);
}

/** @throws unless it is an `http://` or `https://` URL. */
function urlOf(text: string): URL {
  const url = URL.parse(text);
  if (url && ['http:', 'https:'].includes(url.protocol)) return url;
  throw new Error(`--url must be the URL of the service, such as http://localhost:3000, not "${text}"`);
}

/** Prints one line per second, and one at the end. @throws when the response ends before the rebuild. */
async function printProgress({ body }: Response): Promise<void> {
  if (!body) throw new Error(UNFINISHED);
  let isDone = false;
  let shownAt = performance.now();
  let pending: RebuildProgress | undefined;
  const show = (line: RebuildProgress | undefined): void => {
    if (line) console.log(describe(line));
    pending = undefined;
    shownAt = performance.now();
  };
  try {
    for await (const text of createInterface({
      input: Readable.fromWeb(body as ReadableStream<Uint8Array>),
    })) {
      const line = JSON.parse(text) as ProgressLine;
      if ('isDone' in line) {
        isDone = true;
        continue;
      }
      pending = line;
      if (performance.now() - shownAt >= 1000) show(pending);
    }
  } catch (cause) {
    throw new Error(UNFINISHED, { cause });
  }
  show(pending);
  if (!isDone) throw new Error(UNFINISHED);
  console.log('Done.');
}

function describe({ done, total }: RebuildProgress): string {
  return `${done} of ${total} hours, or parts of hours, computed`;
}

const UNFINISHED =
  'The connection was lost. The rebuild continues as long as the service runs; if you run this command again, it starts over.';

async function adminKeyIn(dataDir: string): Promise<string> {
  const key = readSetting(process.env, 'POSTACK_ADMIN_KEY');
  if (key) return key;
  const file = join(dataDir, ADMIN_KEY_FILE);
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw new Error(
      `POSTACK_ADMIN_KEY is not set, and ${file} cannot be read. Start the service first: npm start`,
      { cause },
    );
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
