import { type Seed, seededHex } from './seeded-random.js';

/**
 * The ids of a run. They depend on the seed and on what is said to whom, and not on the order in which different
 * people happen to say it: two runs of one scenario have the same ids.
 */
export class SimulatorIds {
  readonly #messages = new Map<string, number>();

  constructor(private readonly seed: Seed) {}

  /** Of the next message between these two, `SM…`. */
  nextMessage(from: string, to: string): string {
    const pair = `${from} to ${to}`;
    const number = (this.#messages.get(pair) ?? 0) + 1;
    this.#messages.set(pair, number);
    return `SM${seededHex(this.seed, `${pair} ${number}`, 32)}`;
  }

  /** Of the event of this type about that message, `msg_…`: the `svix-id`. */
  event(messageId: string, type: string): string {
    return `msg_${seededHex(this.seed, `${messageId} ${type}`, 27)}`;
  }
}
