/** Numbers that look random and can be had again from their seed. */
export class Random {
  #state: number;

  constructor(readonly seed: number) {
    this.#state = seed | 0 || 1;
  }

  /** At least 0, below 1. */
  next(): number {
    // Xorshift, 32 bits wide.
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) / 2 ** 32;
  }

  /** A whole number of that range, both ends included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** One of them. */
  pick<Item>(items: readonly Item[]): Item {
    if (items.length === 0) throw new RangeError('there is nothing to pick from');
    return items[this.between(0, items.length - 1)]!;
  }
}

/** From the environment variable SEED, to see a run again; else a new one. */
export function seedOfRun(): number {
  const given = Number(process.env['SEED']);
  return Number.isInteger(given) && given !== 0 ? given : (Date.now() % 1_000_000_007) + 1;
}
