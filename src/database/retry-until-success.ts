import { setTimeout as sleep } from 'node:timers/promises';
import type { OutageLog } from '../errors/outage-log.js';

/** Delay before the next attempt, doubling up to the second value. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;

/**
 * Repeats `record` until it succeeds: for outcomes that exist nowhere else.
 *
 * @param what Subject of the log lines: see `OutageLog.failure`.
 * @throws the last error of `record`, once `stop` is aborted.
 */
export async function retryUntilSuccess<Result>(
  record: () => Promise<Result>,
  { outage, what, stop }: { outage: OutageLog; what: string; stop: AbortSignal },
): Promise<Result> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      const result = await record();
      outage.recovery();
      return result;
    } catch (error) {
      if (stop.aborted) throw error;
      outage.failure(what, error);
      await sleep(pauseMs, undefined, { signal: stop }).catch(() => undefined);
    }
  }
}
