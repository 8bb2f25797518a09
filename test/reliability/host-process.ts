import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { waitUntil } from '../support/wait-until.js';

const PROGRAM = join(import.meta.dirname, 'host-app.js');

/** How much of what a process prints is kept, in characters. */
const OUTPUT_KEPT = 8000;

/** One running `host-app.js`. */
export class HostProcess {
  /** Where it listens; `undefined` while it starts. */
  origin: string | undefined;
  /** The last of what it printed. */
  output = '';
  /** Number of lines that it printed. */
  lines = 0;
  readonly pid: number;
  /** Exit code, or the name of the signal that ended it. */
  readonly exit: Promise<number | string | null>;
  hasExited = false;
  readonly #child: ChildProcess;

  constructor(environment: Record<string, string>) {
    this.#child = spawn(process.execPath, [PROGRAM], {
      env: { ...process.env, ...environment },
      // Its input stays open for as long as this process lives, and so does it.
      stdio: 'pipe',
    });
    this.pid = this.#child.pid!;
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.lines += text.split('\n').length - 1;
        this.output = (this.output + text).slice(-OUTPUT_KEPT);
        this.origin ??= /^listening (http\S+)\n/m.exec(this.output)?.[1];
      });
    }
    this.exit = new Promise((resolve) => {
      this.#child.once('exit', () => (this.hasExited = true));
      this.#child.once('close', (code, signal) => {
        resolve(code ?? signal);
      });
    });
  }

  /** Whether requests can be sent to it. */
  get isListening(): boolean {
    return this.origin !== undefined && !this.hasExited;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits until it listens. */
  async listening(): Promise<void> {
    const look = () => {
      if (this.hasExited) throw new Error(`A process ended before it listened:\n${this.output}`);
      return this.isListening || undefined;
    };
    await waitUntil(look, {
      what: () => `a process to listen; it printed:\n${this.output}`,
      timeoutMs: 60_000,
    });
  }
}
