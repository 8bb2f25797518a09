import { type Seed, seededHex } from './seeded-random.js';

/**
 * The ids of a run. They depend on the seed and on the sequence of messages between two numbers, not on the order across
 * numbers: two runs of one scenario have the same ids.
 */
export class SimulatorIds {
  readonly #messages = new Map<string, number>();

  constructor(private readonly seed: Seed) {}

  /** Id of the next message from one number to another, `SM…`. */
  nextMessage(from: string, to: string): string {
    const pair = `${from} to ${to}`;
    const number = (this.#messages.get(pair) ?? 0) + 1;
    this.#messages.set(pair, number);
    return `SM${seededHex(this.seed, `${pair} ${number}`, 32)}`;
  }

  /** `svix-id` of the event of this type about a message, `msg_…`. */
  event(messageId: string, type: string): string {
    return `msg_${seededHex(this.seed, `${messageId} ${type}`, 27)}`;
  }
}
