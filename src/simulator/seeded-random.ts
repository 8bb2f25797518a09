import { createHash } from 'node:crypto';

/** Makes a run reproducible: the same seed gives the same ids and the same random numbers. */
export type Seed = number | string;

/** Hexadecimal digits that depend only on the seed and the purpose. */
export function seededHex(seed: Seed, purpose: string, digits: number): string {
  return createHash('sha256').update(`${seed}:${purpose}`).digest('hex').slice(0, digits);
}

/** Pseudorandom numbers, reproducible from their seed. */
export class SeededRandom {
  #draws = 0;

  constructor(private readonly seed: Seed) {}

  /** At least 0, below 1. */
  next(): number {
    this.#draws += 1;
    return Number.parseInt(seededHex(this.seed, `draw ${this.#draws}`, 8), 16) / 2 ** 32;
  }

  /** `true` with this probability (0 to 1). */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** A whole number in the range, both ends included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  pick<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[this.between(0, items.length - 1)] ?? items[0];
  }

  /** The items in random order. */
  shuffle<Item>(items: readonly Item[]): Item[] {
    return items
      .map((item) => ({ item, rank: this.next() }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ item }) => item);
  }
}
