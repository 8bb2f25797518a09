import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { TEST_SECRET } from './test-application.js';
import { waitUntil } from './wait-until.js';

/** A host application with one listener, as a process of its own: see `test/dispatch/one-listener-app.js`. */
export interface ListenerApp {
  webhookUrl: string;
  pid: number;
  /** What it has printed. */
  lines: string[];
  /** Waits for a line. */
  printed(line: string, timeoutMs?: number): Promise<void>;
  kill(signal?: NodeJS.Signals): Promise<void>;
  exit: Promise<unknown>;
}

/** Starts such applications, and leaves none behind. */
export class ListenerApps {
  readonly #started: ChildProcess[] = [];

  async start(databaseUrl: string, env: Record<string, string> = {}): Promise<ListenerApp> {
    const script = join(import.meta.dirname, '..', 'dispatch', 'one-listener-app.js');
    const child = spawn(process.execPath, [script], {
      env: { ...process.env, DATABASE_URL: databaseUrl, SECRET: TEST_SECRET, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#started.push(child);
    const exit = once(child, 'exit');
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    const find = (matches: (line: string) => boolean, timeoutMs: number, what: string) =>
      waitUntil(() => lines.find(matches), { what: () => `${what} in: ${lines.join('; ')}`, timeoutMs });
    const listening = await find((line) => line.startsWith('listening '), 30_000, '"listening"');
    return {
      webhookUrl: `${listening.replace('listening ', '')}/api/v1/webhooks`,
      pid: child.pid!,
      lines,
      exit,
      printed: async (line, timeoutMs = 30_000) => {
        await find((printed) => printed === line, timeoutMs, `"${line}"`);
      },
      kill: (signal = 'SIGKILL') => end(child, signal),
    };
  }

  /** Kills what still runs. */
  async clear(): Promise<void> {
    await Promise.all(this.#started.splice(0).map((child) => end(child, 'SIGKILL')));
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
}
