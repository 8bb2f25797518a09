import { setTimeout as sleep } from 'node:timers/promises';

/** Looks again and again until `look` finds something, and returns that. Errors of `look` end it. */
export async function waitUntil<Found>(
  look: () => Found | undefined | Promise<Found | undefined>,
  { what, timeoutMs = 15_000, everyMs = 20 }: { what: () => string; timeoutMs?: number; everyMs?: number },
): Promise<Found> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain for ${what()}`);
    await sleep(everyMs);
  }
}
