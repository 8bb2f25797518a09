const NUMBER_WIDTH = 14;

/** Prints what happens, with the seconds since the start. Its people and texts are invented, so they may be shown. */
export class DemoScreen {
  readonly #startedAt = performance.now();

  print(...lines: string[]): void {
    for (const line of lines) console.log(line);
  }

  /** An SMS, or its delivery state. */
  show(from: string, arrow: '→' | '✓' | '✗' | '‖', to: string, what: string): void {
    const seconds = ((performance.now() - this.#startedAt) / 1000).toFixed(1).padStart(5);
    console.log(`${seconds} s  ${from.padEnd(NUMBER_WIDTH)} ${arrow} ${to.padEnd(NUMBER_WIDTH)} ${what}`);
  }
}
