import type { HandlerSettings } from '../../listeners/handler.js';

/** Jobs held in reserve last this long: enough to hide the duration of a fetch, with few jobs to give back. */
const RESERVE_MS = 250;

/** pg-boss fetches fastest in batches of a few hundred jobs. */
const MAX_TARGET = 500;

/** Weight of the latest call in the moving average. */
const WEIGHT = 0.1;

/** Computes how many jobs a worker should hold, from the duration of its handler's calls. */
export class Prefetch {
  /** Initially slow, so that a new process does not take more jobs than it can handle. */
  #meanMs = RESERVE_MS;

  constructor(private readonly settings: Pick<HandlerSettings, 'concurrency' | 'batchSize'>) {}

  /** Reports the duration of a call. */
  took(ms: number): void {
    this.#meanMs += (ms - this.#meanMs) * WEIGHT;
  }

  /** The number of jobs to hold: at least as many as can run at once. */
  get target(): number {
    const atOnce = this.settings.concurrency * (this.settings.batchSize ?? 1);
    const inReserve = (atOnce * RESERVE_MS) / Math.max(this.#meanMs, 1);
    return Math.max(atOnce, Math.min(MAX_TARGET, Math.ceil(atOnce + inReserve)));
  }
}
