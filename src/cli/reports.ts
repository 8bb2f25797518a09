import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { parseArgs } from 'node:util';
import type { Freshness } from '../reports/freshness.js';
import type { RebuildProgress } from '../reports/report-rebuild.js';
import { loadEnvFile } from '../service/config/env-file.js';
import { poll } from '../testing/poll.js';
import { requestsTo, SERVICE_USAGE, serviceOptions, type ServiceRequest } from './service-request.js';

// `npm run reports -- rebuild --since 2026-01-01`: rebuilds the reports of a running service and prints the progress.
// `npm run reports -- wait`: waits until they contain all events acknowledged so far.

const USAGE = `Usage: npm run reports -- rebuild --since TIME [options]
       npm run reports -- wait [options]

rebuild            recomputes the reports and prints the progress. If interrupted, the service continues
wait               waits until the reports contain all events that were acknowledged before the call

  --since TIME     start of the period to rebuild, such as 2026-01-31 or 2026-01-31T08:00:00Z
  --timeout N      seconds to wait at most (default 60)
${SERVICE_USAGE}`;

const POLL_INTERVAL_MS = 250;

type ProgressLine = RebuildProgress | { isDone: true };

async function main(): Promise<void> {
  loadEnvFile();
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      since: { type: 'string' },
      timeout: { type: 'string', default: '60' },
      ...serviceOptions(),
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
  const request = await requestsTo(values);
  if (command === 'wait') await wait(request, timeoutSeconds);
  else await printProgress(await request('reports/rebuild', { since }));
}

/** @throws when the reports are not complete in time. */
async function wait(request: ServiceRequest, timeoutSeconds: number): Promise<void> {
  const read = async () =>
    (await (await request('reports/freshness')).json()) as Record<keyof Freshness, string>;
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

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
