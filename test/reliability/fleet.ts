import { setTimeout as sleep } from 'node:timers/promises';
import { TEST_SECRET } from '../support/test-application.js';
import { waitUntil } from '../support/wait-until.js';
import { HostProcess } from './host-process.js';

/** Wait before a process that could not start is started again, as supervisors do. */
const PAUSE_AFTER_FAILED_START_MS = 300;

type Role = 'accept' | 'work' | 'all';

/** What a process of the fleet does. */
export interface Duty {
  role: Role;
  /** Default: those of the fleet. */
  listeners?: readonly string[];
}

/** A place in the fleet, and the process that fills it now. */
interface Place extends Duty {
  process: HostProcess;
}

/** Processes on one database, and their supervisor: whatever ends is started again. */
export class Fleet {
  readonly #places: Place[] = [];
  readonly #expectedEnds = new WeakSet<HostProcess>();
  #isStopping = false;
  /** Kills and other ends, so far. */
  kills = 0;
  /** Ends that nobody asked for, of processes that had been up: the last of what they printed. */
  readonly unexpectedEnds: string[] = [];
  /** Processes that ended before they were up, for example because PostgreSQL was down. */
  failedStarts = 0;

  constructor(
    private readonly databaseUrl: string,
    private readonly listeners: readonly string[],
    private readonly environment: Record<string, string> = {},
  ) {}

  /** Starts one process for each role or duty, and waits until all listen. */
  async start(duties: readonly (Role | Duty)[]): Promise<void> {
    for (const one of duties) {
      const duty = typeof one === 'string' ? { role: one } : one;
      const place = { ...duty, process: this.#spawn(duty) };
      this.#places.push(place);
      void this.#supervise(place);
    }
    await this.allListening();
  }

  get processes(): readonly HostProcess[] {
    return this.#places.map(({ process }) => process);
  }

  /** Webhook URLs of all that can take requests now. */
  readonly targets = (): string[] =>
    this.#places
      .filter(({ role, process }) => role !== 'work' && process.isListening)
      .map(({ process }) => `${process.origin!}/api/v1/webhooks`);

  /** Kills one with SIGKILL; the supervisor starts another. */
  async kill(process: HostProcess): Promise<void> {
    this.#expectedEnds.add(process);
    this.kills += 1;
    process.kill('SIGKILL');
    await process.exit;
  }

  /** Tells one to stop; its place stays empty. @returns its exit code, or the signal that ended it. */
  async terminate(process: HostProcess): Promise<number | string | null> {
    const index = this.#places.findIndex((place) => place.process === process);
    this.#places.splice(index, 1);
    process.kill('SIGTERM');
    const code = await process.exit;
    if (code !== 0) this.unexpectedEnds.push(process.output);
    return code;
  }

  async allListening(): Promise<void> {
    await waitUntil(() => this.processes.every(({ isListening }) => isListening) || undefined, {
      what: () =>
        `all to listen; they printed:\n${this.processes.map(({ output }) => output).join('\n---\n')}`,
      timeoutMs: 60_000,
    });
  }

  /** Kills all and starts none again. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(
      this.processes.map(async (process) => {
        process.kill('SIGKILL');
        await process.exit;
      }),
    );
  }

  #spawn({ role, listeners = this.listeners }: Duty): HostProcess {
    return new HostProcess({
      DATABASE_URL: this.databaseUrl,
      SECRET: TEST_SECRET,
      ROLE: role,
      LISTENERS: listeners.join(','),
      ...this.environment,
    });
  }

  async #supervise(place: Place): Promise<void> {
    for (;;) {
      const { process } = place;
      const end = await process.exit;
      if (this.#isStopping || !this.#places.includes(place)) return;
      if (!this.#expectedEnds.has(process)) {
        if (process.origin === undefined) {
          this.failedStarts += 1;
          await sleep(PAUSE_AFTER_FAILED_START_MS);
        } else this.unexpectedEnds.push(`${place.role} ended with ${end}:\n${process.output}`);
      }
      place.process = this.#spawn(place);
      // Told to stop meanwhile.
      if (this.#isStopping as boolean) place.process.kill('SIGKILL');
    }
  }
}
