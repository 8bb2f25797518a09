import { createHash } from 'node:crypto';

/** What makes a run reproducible: the same seed, the same ids and the same draws. */
export type Seed = number | string;

/** Hexadecimal digits that depend on nothing but the seed and what they are for. */
export function seededHex(seed: Seed, purpose: string, digits: number): string {
  return createHash('sha256').update(`${seed}:${purpose}`).digest('hex').slice(0, digits);
}

/** Numbers that look random and can be had again from their seed. */
export class SeededRandom {
  #draws = 0;

  constructor(private readonly seed: Seed) {}

  /** At least 0, below 1. */
  next(): number {
    this.#draws += 1;
    return Number.parseInt(seededHex(this.seed, `draw ${this.#draws}`, 8), 16) / 2 ** 32;
  }

  /** Whether something of this probability (0 to 1) happens. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** A whole number of that range, both ends included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** One of them. */
  pick<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[this.between(0, items.length - 1)] ?? items[0];
  }

  /** The same items in another order. */
  shuffle<Item>(items: readonly Item[]): Item[] {
    return items
      .map((item) => ({ item, rank: this.next() }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ item }) => item);
  }
}
