import type { ListenerOptions, RetryPolicy } from './handler-metadata.js';
import type { HandlerSettings } from './handler.js';

/** About three days: 12 doubling delays (11 hours in total), then every 6 hours. */
const DEFAULT_RETRY: Readonly<RetryPolicy> = {
  attempts: 23,
  firstDelayMs: 10_000,
  maxDelayMs: 6 * 3_600_000,
};

/** While one event waits for its retry, its whole message group waits: an ordered listener retries quickly at first. */
const ORDERED_FIRST_DELAY_MS = 1000;

const DEFAULT_CONCURRENCY = 16;

/** For calls that each hold a connection, or handle many events. */
const DEFAULT_HEAVY_CONCURRENCY = 4;

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_BATCH_SIZE = 100;
const MAX_BATCH_SIZE = 1000;

/** Fills in the defaults; adds a line to `problems` for each invalid setting. */
export function listenerSettings(
  where: string,
  options: ListenerOptions,
  problems: string[],
): HandlerSettings {
  const { transactional = false, ordered = null, batch = false } = options;
  const isHeavy = transactional || batch !== false;
  const settings: HandlerSettings = {
    concurrency: options.concurrency ?? (isHeavy ? DEFAULT_HEAVY_CONCURRENCY : DEFAULT_CONCURRENCY),
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    retry: {
      ...DEFAULT_RETRY,
      ...(ordered && { firstDelayMs: ORDERED_FIRST_DELAY_MS }),
      ...options.retry,
    },
    transactional,
    ordered,
    batchSize: batch === false ? null : ((batch === true ? undefined : batch.maxSize) ?? DEFAULT_BATCH_SIZE),
  };
  const { concurrency, timeoutMs, retry, batchSize } = settings;
  const check = (setting: string, value: number, min: number, max: number) => {
    if (Number.isInteger(value) && value >= min && value <= max) return;
    problems.push(
      `${where}: "${setting}" must be a whole number, from ${min} to ${max}; it is ${String(value)}`,
    );
  };
  check('concurrency', concurrency, 1, 1000);
  check('timeoutMs', timeoutMs, 1, 3_600_000);
  check('retry.attempts', retry.attempts, 1, 1000);
  check('retry.firstDelayMs', retry.firstDelayMs, 0, 86_400_000);
  check('retry.maxDelayMs', retry.maxDelayMs, 0, 7 * 86_400_000);
  if (batchSize !== null) check('batch.maxSize', batchSize, 1, MAX_BATCH_SIZE);
  if (typeof transactional !== 'boolean') problems.push(`${where}: "transactional" must be true or false`);
  if (ordered !== null && !['conversation', 'message'].includes(ordered)) {
    problems.push(`${where}: "ordered" must be "conversation" or "message"; it is "${ordered as string}"`);
  }
  if (transactional && batchSize !== null) {
    problems.push(
      `${where}: "transactional" and "batch" cannot be combined: one failed event would roll back the writes of the ` +
        'others. For writes in batches, use @PostackProjection',
    );
  }
  return settings;
}
