import { ConfigurationError } from '../errors/configuration-error.js';

/** So many requests may be made within so long. */
export interface RequestWindow {
  points: number;
  durationMs: number;
}

/** Shorter windows would be finer than the clocks of several machines. */
const SHORTEST_WINDOW_MS = 20;

/** Windows are 10 % longer than they had to be: what a database and a network delay unevenly fits into that. */
const SLACK = 1.1;

/**
 * The window that keeps below a limit in every second, wherever that second begins. A window of a whole second would
 * allow twice the limit around its edge: so it is as short as can be, one request wherever possible.
 *
 * @param requestsPerSecond A whole number, from 1 to 1,000.
 * @throws {ConfigurationError}
 */
export function requestWindow(requestsPerSecond: number): RequestWindow {
  if (!Number.isInteger(requestsPerSecond) || requestsPerSecond < 1 || requestsPerSecond > 1000) {
    throw new ConfigurationError('Request rate', [
      '"requestsPerSecond" must be a whole number, from 1 to 1000',
    ]);
  }
  const points = Math.ceil((requestsPerSecond * SHORTEST_WINDOW_MS) / 1000);
  // A window begins with its first request, and the others may come at its end: then a second can touch one window
  // more than it has room for, and sees all of that one's requests but the first.
  const windowsPerSecond = Math.floor((requestsPerSecond + 1) / points) - 1;
  return { points, durationMs: Math.ceil((1000 * SLACK) / windowsPerSecond) };
}
