import { setTimeout as sleep } from 'node:timers/promises';
import type { OutageLog } from '../errors/outage-log.js';

/** Wait before the next try, growing up to the second value while PostgreSQL stays away. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;

/**
 * Tries to record something until PostgreSQL has taken it: forgotten, it could not be found out again.
 *
 * @param what For the log, while it does not work.
 * @throws what `record` has thrown last, once `stop` is aborted.
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
