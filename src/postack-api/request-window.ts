import { ConfigurationError } from '../errors/configuration-error.js';

/** `points` requests may be made within `durationMs`. */
export interface RequestWindow {
  points: number;
  durationMs: number;
}

/** The clocks of several machines do not agree closely enough for shorter windows. */
const SHORTEST_WINDOW_MS = 20;

/** Windows are 10 % longer than necessary, to absorb the jitter of database and network. */
const SLACK = 1.1;

/**
 * The window that keeps to a limit in every second, wherever that second begins. A window of a whole second would allow
 * twice the limit around its edge, so the window is as short as possible, with one request if possible.
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
  // A window begins with its first request, and the others may come at its end. So a second can overlap one more window
  // than it can contain, and include all requests of that window but the first.
  const windowsPerSecond = Math.floor((requestsPerSecond + 1) / points) - 1;
  return { points, durationMs: Math.ceil((1000 * SLACK) / windowsPerSecond) };
}
