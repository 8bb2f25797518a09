import { Injectable, Logger } from '@nestjs/common';
import { OutageLog } from '../../errors/outage-log.js';
import type { CallGate } from './call-gate.js';
import type { HandlerWorker } from './handler-worker.js';
import { Leases } from '../../jobs/leases.js';
import { Ledger } from './ledger.js';

/** Others are kept waiting for at most this long at once; then they get a turn. */
const TURN_MS = 1000;

/** How long the calls under way may take to finish first; doubles up to the second value each time they do not. */
const MIN_PATIENCE_MS = 1000;
const MAX_PATIENCE_MS = 60_000;

/** Deliveries that run together, all of one handler, before each of them has to run alone. */
const GROUP_SIZE = 16;

/**
 * Runs the deliveries of dead processes: first in small groups, then, if a process has died during a group, one by one.
 * Nothing else is called in this process meanwhile. So the delivery that makes processes die is found, and no other is
 * blamed.
 */
@Injectable()
export class Suspects {
  readonly #outage = new OutageLog(new Logger('PostackDispatch'));
  #running: Promise<void> | undefined;
  #patienceMs = MIN_PATIENCE_MS;

  constructor(
    private readonly ledger: Ledger,
    private readonly leases: Leases,
  ) {}

  /** Runs those of these workers' handlers, unless it is at it already. Never rejects. */
  run(workers: readonly HandlerWorker[], gate: CallGate): Promise<void> {
    this.#running ??= this.#run(workers, gate)
      .then(
        () => {
          this.#outage.recovery();
        },
        (error: unknown) => {
          this.#outage.failure('Taking deliveries of dead processes', error);
        },
      )
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  async #run(workers: readonly HandlerWorker[], gate: CallGate): Promise<void> {
    for (;;) {
      const open = new Map(
        workers.filter(({ isClosed }) => !isClosed).map((worker) => [worker.handler.name, worker]),
      );
      const suspected = await this.ledger.suspected([...open.keys()]);
      const turns = suspected.flatMap((name) => open.get(name) ?? []);
      if (turns.length === 0) return;
      const hadAny = await gate.alone(() => this.#turn(turns), this.#patienceMs);
      const hadTurn = hadAny !== undefined;
      this.#patienceMs = hadTurn ? MIN_PATIENCE_MS : Math.min(this.#patienceMs * 2, MAX_PATIENCE_MS);
      if (hadAny === false) return;
    }
  }

  /** Resolves to whether there was a delivery. */
  async #turn(workers: readonly HandlerWorker[]): Promise<boolean> {
    const endsAtMs = performance.now() + TURN_MS;
    let isAny = false;
    do {
      let taken = 0;
      for (const worker of workers) taken += await this.#runGroup(worker);
      if (taken === 0) break;
      isAny = true;
    } while (performance.now() < endsAtMs);
    return isAny;
  }

  /** Runs the next group of a handler, or the next delivery that has to run alone. Resolves to their number. */
  async #runGroup(worker: HandlerWorker): Promise<number> {
    const lease = this.leases.current;
    if (!lease || worker.isClosed) return 0;
    const size = Math.min(GROUP_SIZE, worker.handler.settings.concurrency);
    const taken = await this.ledger.takeSuspects(worker.handler, size, lease).catch((error: unknown) => {
      this.leases.doubt(lease);
      throw error;
    });
    await worker.runIsolated(taken);
    return taken.length;
  }
}
