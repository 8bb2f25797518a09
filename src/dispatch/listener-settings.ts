import type { ListenerOptions } from '../events/handler-metadata.js';
import { DEFAULT_CONCURRENCY, DEFAULT_RETRY, DEFAULT_TIMEOUT_MS, type ListenerSettings } from './handler.js';

/** Fills in the defaults; adds a line to `problems` for each setting that makes no sense. */
export function listenerSettings(
  where: string,
  options: ListenerOptions,
  problems: string[],
): ListenerSettings {
  const settings: ListenerSettings = {
    concurrency: options.concurrency ?? DEFAULT_CONCURRENCY,
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    retry: { ...DEFAULT_RETRY, ...options.retry },
  };
  const { concurrency, timeoutMs, retry } = settings;
  const check = (setting: string, value: number, min: number, max: number, wholeSeconds = false) => {
    const fits =
      Number.isInteger(value) && value >= min && value <= max && (!wholeSeconds || value % 1000 === 0);
    if (fits) return;
    const kind = wholeSeconds ? 'whole seconds, written in milliseconds' : 'a whole number';
    problems.push(`${where}: "${setting}" must be ${kind}, from ${min} to ${max}; it is ${value}`);
  };
  check('concurrency', concurrency, 1, 1000);
  check('timeoutMs', timeoutMs, 1, 3_600_000);
  check('retry.attempts', retry.attempts, 1, 1000);
  check('retry.firstDelayMs', retry.firstDelayMs, 1000, 86_400_000, true);
  check('retry.maxDelayMs', retry.maxDelayMs, 1000, 7 * 86_400_000, true);
  return settings;
}
