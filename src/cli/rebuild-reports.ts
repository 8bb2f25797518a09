import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { parseArgs } from 'node:util';
import type { RebuildProgress } from '../reports/report-rebuild.js';
import { ADMIN_KEY_FILE } from '../service/config/development-credentials.js';
import { loadEnvFile } from '../service/config/env-file.js';
import { readSetting } from '../service/config/environment.js';

// `npm run reports -- rebuild --since 2026-01-01`: has a running service make its reports anew, and tells how far it is.

const USAGE = `Usage: npm run reports -- rebuild --since TIME [options]

  --since TIME     from when on, like 2026-01-31 or 2026-01-31T08:00:00Z
  --url URL        where the service is (default http://localhost:3000, or as PORT says)
  --data-dir DIR   where the service keeps its development admin key (default .postack); POSTACK_ADMIN_KEY, also in
                   .env, wins over it

Stopped in the middle, it can be run again.`;

type ProgressLine = RebuildProgress | { isDone: true };

async function main(): Promise<void> {
  loadEnvFile();
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      since: { type: 'string' },
      url: { type: 'string', default: `http://localhost:${readSetting(process.env, 'PORT') ?? '3000'}` },
      'data-dir': { type: 'string', default: readSetting(process.env, 'POSTACK_DATA_DIR') ?? '.postack' },
      help: { type: 'boolean', default: false },
    },
  });
  const { since, help } = values;
  if (help || positionals.join(' ') !== 'rebuild' || since === undefined) {
    console.log(USAGE);
    process.exitCode = help ? 0 : 1;
    return;
  }
  const url = urlOf(values.url);
  const adminKey = await adminKeyIn(values['data-dir']);
  const answer = await fetch(new URL('/api/v1/reports/rebuild', url), {
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ since }),
  }).catch((cause: unknown) => {
    throw new Error(`No answer from ${values.url}: is the service running? Start it with: npm start`, {
      cause,
    });
  });
  if (!answer.ok || !answer.body) throw new Error(`The service refused: ${await answer.text()}`);
  await printProgress(answer.body as ReadableStream<Uint8Array>);
}

/** @throws unless it is an address with `http://` or `https://`. */
function urlOf(text: string): URL {
  const url = URL.parse(text);
  if (url && ['http:', 'https:'].includes(url.protocol)) return url;
  throw new Error(`--url must be where the service is, like http://localhost:3000, and not "${text}"`);
}

/** One line a second, and for the end of each step. @throws when the service stops before the end. */
async function printProgress(body: ReadableStream<Uint8Array>): Promise<void> {
  let isDone = false;
  let shownAt = performance.now();
  let unseen: RebuildProgress | undefined;
  const show = (line: RebuildProgress | undefined): void => {
    if (line) console.log(describe(line));
    unseen = undefined;
    shownAt = performance.now();
  };
  try {
    for await (const text of createInterface({ input: Readable.fromWeb(body) })) {
      const line = JSON.parse(text) as ProgressLine;
      if ('isDone' in line) {
        isDone = true;
        continue;
      }
      if (unseen && unseen.step !== line.step) show(unseen);
      unseen = line;
      if (performance.now() - shownAt >= 1000) show(unseen);
    }
  } catch (cause) {
    throw new Error(UNFINISHED, { cause });
  }
  show(unseen);
  if (!isDone) throw new Error(UNFINISHED);
  console.log('Done.');
}

function describe({ step, done, skipped, through }: RebuildProgress): string {
  const left = skipped > 0 ? `${skipped} of them left out (see the log), ` : '';
  return `${step.padEnd(13)} ${String(done).padStart(10)} done, ${left}up to ${String(through)}`;
}

const UNFINISHED = 'The service has not finished; its log says why. Run this again: it begins anew.';

async function adminKeyIn(dataDir: string): Promise<string> {
  const key = readSetting(process.env, 'POSTACK_ADMIN_KEY');
  if (key) return key;
  const file = join(dataDir, ADMIN_KEY_FILE);
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw new Error(
      `Neither POSTACK_ADMIN_KEY is set nor can ${file} be read: start the service first, with npm start`,
      { cause },
    );
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
