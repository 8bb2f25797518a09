import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitUntil } from './wait-until.js';

export const PROGRAM = join(import.meta.dirname, '..', '..', 'dist', 'src', 'main.js');
export const SEND_TEST_EVENT = join(PROGRAM, '..', 'cli', 'send-test-event.js');
export const REPORTS = join(PROGRAM, '..', 'cli', 'reports.js');
export const WIRE_FORMAT = join(PROGRAM, '..', 'cli', 'wire-format.js');
export const REINTERPRET = join(PROGRAM, '..', 'cli', 'reinterpret.js');

/** How long a first start, with initdb, may take on a busy machine. */
const PATIENCE_MS = 60_000;

type Environment = Record<string, string | undefined>;

/** A program of this package, running as a process of its own. */
export class ServiceProcess {
  stdout = '';
  stderr = '';
  readonly pid: number;
  /** The exit code; the name of the signal that killed it. */
  readonly exit: Promise<number | NodeJS.Signals | null>;
  #hasExited = false;

  constructor(
    private readonly child: ChildProcess,
    readonly cwd: string,
  ) {
    this.pid = child.pid!;
    child.stdout!.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.exit = new Promise((resolve) => {
      child.on('close', (code, signal) => {
        this.#hasExited = true;
        resolve(code ?? signal);
      });
    });
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** What a terminal does: the signal goes to the whole process group. */
  pressCtrlC(): void {
    process.kill(-this.pid, 'SIGINT');
  }

  /** Waits for a text in what it prints, to stdout or stderr. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    return waitUntil(
      () => {
        const match = pattern.exec(this.stdout) ?? pattern.exec(this.stderr);
        if (!match && this.#hasExited)
          throw new Error(`It ended without printing ${pattern}:\n${this.output}`);
        return match ?? undefined;
      },
      { what: () => `${pattern} in:\n${this.output}`, timeoutMs: PATIENCE_MS },
    );
  }

  /** Waits until it is up; the banner is printed last. */
  async banner(): Promise<Banner> {
    const [, origin] = await this.printed(/(?:Webhook URL|Admin API) +(http:\/\/[^/\s]+)\S*.*\n(?:.*\n)*?\n/);
    const value = (label: string) => new RegExp(`${label} +(\\S+)`).exec(this.stdout)?.[1];
    return {
      origin: origin!,
      webhookUrl: value('Webhook URL')!,
      secret: value('Webhook secret')!,
      adminKey: value('Admin key')!,
      command: /^ +npm run (.*)$/m.exec(this.stdout)?.[1],
    };
  }

  get output(): string {
    return `${this.stdout}\n${this.stderr}`;
  }
}

export interface Banner {
  origin: string;
  webhookUrl: string;
  secret: string;
  adminKey: string;
  /** What comes after `npm run`. */
  command: string | undefined;
}

/** Starts services, each where it is told to, and leaves nothing of them behind. */
export class ServiceProcesses {
  readonly #processes: ServiceProcess[] = [];
  readonly #directories: string[] = [];

  /** A new empty directory. */
  async directory(): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), 'nestjs-postack-service-'));
    this.#directories.push(directory);
    return directory;
  }

  /** The service, on a port from the operating system unless told otherwise. */
  start(cwd: string, environment: Environment = {}): ServiceProcess {
    return this.run([PROGRAM], cwd, { PORT: '0', ...environment });
  }

  /** A script of this package, or another program, with its arguments. */
  run(
    args: string[],
    cwd: string,
    environment: Environment = {},
    program = process.execPath,
  ): ServiceProcess {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(POSTACK|DATABASE|PORT|HOST|npm_)/.test(name),
    );
    const env = { ...Object.fromEntries(inherited), ...environment };
    const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const running = new ServiceProcess(child, cwd);
    this.#processes.push(running);
    return running;
  }

  /** Kills what still runs, databases too, and removes the directories. */
  async clear(): Promise<void> {
    for (const running of this.#processes.splice(0)) {
      running.kill('SIGKILL');
      await running.exit;
    }
    for (const directory of this.#directories.splice(0)) {
      const pid = await postmasterPid(directory);
      if (pid !== undefined && isAlive(pid)) {
        process.kill(pid, 'SIGQUIT');
        await waitUntil(() => !isAlive(pid) || undefined, { what: () => 'the end of a database' });
      }
      await rm(directory, { recursive: true, force: true });
    }
  }
}

/** The process id of the database below a service's working directory; `undefined` when it is not running. */
export async function postmasterPid(cwd: string): Promise<number | undefined> {
  const text = await readFile(join(cwd, '.postack', 'postgres', 'postmaster.pid'), 'utf8').catch(() => '');
  return Number(text.split('\n')[0]) || undefined;
}

/** Whether a process runs; a zombie does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}
