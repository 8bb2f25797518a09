import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { LocalPostack } from '../../src/simulator/index.js';
import { TEST_SECRET } from './test-application.js';
import type { TestDatabase } from './test-database.js';

const PROGRAM = join(import.meta.dirname, 'reply-app.js');

/** A running `reply-app.js`. */
export interface ReplyProcess {
  /** Webhook URL. */
  url: string;
  /** Exit code and signal. */
  exit: Promise<unknown>;
  kill(): Promise<void>;
}

/** Starts and stops processes of `reply-app.js`. */
export class ReplyProcesses {
  readonly #children = new Set<ChildProcess>();

  /** Starts a process; resolves when it listens. */
  async start(
    database: TestDatabase,
    postack: LocalPostack,
    {
      port = 0,
      crashAt = '',
      requestsPerSecond = 10,
    }: { port?: number; crashAt?: string; requestsPerSecond?: number } = {},
  ): Promise<ReplyProcess> {
    const child = spawn(process.execPath, [PROGRAM], {
      env: {
        ...process.env,
        DATABASE_URL: database.url,
        SECRET: TEST_SECRET,
        API_KEY: postack.apiKey,
        API_URL: postack.url,
        PORT: String(port),
        CRASH_AT: crashAt,
        REQUESTS_PER_SECOND: String(requestsPerSecond),
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#children.add(child);
    const exit = once(child, 'exit');
    for await (const line of createInterface({ input: child.stdout })) {
      const [, origin] = /^listening (\S+)/.exec(line) ?? [];
      if (origin !== undefined) return { url: `${origin}/api/v1/webhooks`, exit, kill: () => end(child) };
    }
    throw new Error('The process exited before it listened');
  }

  /** Kills all processes. */
  async clear(): Promise<void> {
    await Promise.all([...this.#children].map(end));
    this.#children.clear();
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** Below the ephemeral port range, so that the system does not assign the port while a test wants it again. */
const FIRST_PORT = 20_000;
const PORTS = 10_000;

/** A port that is free now. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => {
        resolve(false);
      });
      server.listen(port, '127.0.0.1', () => {
        resolve(true);
      });
    });
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
