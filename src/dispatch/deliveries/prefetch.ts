import type { HandlerSettings } from '../../listeners/handler.js';

/** Jobs for so long are held in reserve: enough to hide the time that fetching takes, little to give back. */
const RESERVE_MS = 250;

/** One fetch of pg-boss is fastest for some hundreds. */
const MAX_TARGET = 500;

/** Weight of the newest call in the running mean. */
const WEIGHT = 0.1;

/** How many jobs a worker should hold: by how long its handler takes. */
export class Prefetch {
  /** Slow until known better, so that a new process does not take more than it can do. */
  #meanMs = RESERVE_MS;

  constructor(private readonly settings: Pick<HandlerSettings, 'concurrency' | 'batchSize'>) {}

  /** A call took so long. */
  took(ms: number): void {
    this.#meanMs += (ms - this.#meanMs) * WEIGHT;
  }

  /** At least what can run at once. */
  get target(): number {
    const atOnce = this.settings.concurrency * (this.settings.batchSize ?? 1);
    const inReserve = (atOnce * RESERVE_MS) / Math.max(this.#meanMs, 1);
    return Math.max(atOnce, Math.min(MAX_TARGET, Math.ceil(atOnce + inReserve)));
  }
}
