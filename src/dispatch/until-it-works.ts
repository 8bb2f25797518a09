import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultLog } from './fault-log.js';

/** Wait before the next try, growing up to the second value while PostgreSQL stays away. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;

/**
 * Tries to record something until PostgreSQL has taken it: forgotten, it could not be found out again.
 *
 * @param what For the log, while it does not work.
 * @throws what `record` has thrown last, once `stop` is aborted.
 */
export async function untilItWorks<Result>(
  record: () => Promise<Result>,
  { faults, what, stop }: { faults: FaultLog; what: string; stop: AbortSignal },
): Promise<Result> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      const result = await record();
      faults.worked();
      return result;
    } catch (error) {
      if (stop.aborted) throw error;
      faults.failed(what, error);
      await sleep(pauseMs, undefined, { signal: stop }).catch(() => undefined);
    }
  }
}
