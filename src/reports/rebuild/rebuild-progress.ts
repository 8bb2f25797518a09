import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** One page of an hour has been processed. */
export interface HourProgress {
  /** Number of messages or events in the page. */
  done: number;
  /** Time up to which messages or events have been processed. */
  through: Date;
}

export type OnProgress = (progress: HourProgress) => void;

/**
 * Yields the progress that `work` reports. The work does not wait for the consumer, because it has an open transaction;
 * it completes even if the consumer stops early.
 */
export async function* progressOf(
  work: (onProgress: OnProgress) => Promise<void>,
): AsyncGenerator<HourProgress> {
  const pages = new Readable({ objectMode: true, read: () => undefined });
  const ended = work((progress) => void pages.push(progress)).then(
    () => void pages.push(null),
    (error: unknown) => void pages.destroy(error as Error),
  );
  try {
    for await (const progress of pages) yield progress as HourProgress;
  } finally {
    await ended;
  }
}

/** Pauses for as long as the work since `startedAt` took, to limit the load on the database. */
export async function pauseAfter(startedAt: number): Promise<void> {
  await sleep(performance.now() - startedAt);
}
