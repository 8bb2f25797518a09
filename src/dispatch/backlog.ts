import { setTimeout as sleep } from 'node:timers/promises';

/** Some tens of milliseconds of dispatching: with fewer waiting, it would run dry. */
const MAX_BACKLOG = 300;

/** Webhooks are held back no longer than this for one commit, however slow the dispatching is. */
const MAX_WAIT_MS = 100;

/**
 * How far dispatching is behind accepting in this process. Under a load that is more than the machine can do, accepting
 * alone would take all of it, and events would lie undispatched for longer and longer.
 */
export class Backlog {
  #size = 0;
  #progress = Promise.withResolvers<undefined>();

  /** So many events have been stored. */
  grew(events: number): void {
    this.#size += events;
  }

  /** So many have been dispatched: some of them perhaps stored by other processes. */
  shrank(events: number): void {
    this.#size = Math.max(0, this.#size - events);
    this.#progress.resolve(undefined);
    this.#progress = Promise.withResolvers();
  }

  /** None is left, whoever has dispatched them. */
  isGone(): void {
    this.shrank(this.#size);
  }

  /** Until there has been some progress, if it is too far behind. */
  wait(): Promise<void> | undefined {
    if (this.#size < MAX_BACKLOG) return undefined;
    return Promise.race([this.#progress.promise, sleep(MAX_WAIT_MS, undefined, { ref: false })]);
  }
}
