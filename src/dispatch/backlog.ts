import { setTimeout as sleep } from 'node:timers/promises';

/** A few tens of milliseconds of dispatching: with a lower limit, the dispatcher would run out of events. */
const MAX_BACKLOG_EVENTS = 300;

/** Maximum delay of one commit of the inbox, however slow the dispatch is. */
const MAX_WAIT_MS = 100;

/**
 * Counts events that this process has stored and not yet dispatched. Used to slow down accepting: under overload it
 * would otherwise take all of the machine, and the delay until events are dispatched would keep growing.
 */
export class Backlog {
  #events = 0;
  #progress = Promise.withResolvers<undefined>();

  /** Counts stored events. */
  add(events: number): void {
    this.#events += events;
  }

  /** Counts dispatched events, some of which may have been stored by other processes. */
  remove(events: number): void {
    this.#events = Math.max(0, this.#events - events);
    this.#progress.resolve(undefined);
    this.#progress = Promise.withResolvers();
  }

  /** No event is left, including those that other processes dispatched. */
  clear(): void {
    this.remove(this.#events);
  }

  /** Resolves at the next progress when the backlog is too large; `undefined` when there is no need to wait. */
  wait(): Promise<void> | undefined {
    if (this.#events < MAX_BACKLOG_EVENTS) return undefined;
    return Promise.race([this.#progress.promise, sleep(MAX_WAIT_MS, undefined, { ref: false })]);
  }
}
