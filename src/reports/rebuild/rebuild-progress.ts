import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** Of the hour that is made anew: a page of it has been gone through. */
export interface HourProgress {
  /** Messages or events in the page. */
  done: number;
  /** Up to here, in the order of time. */
  through: Date;
}

export type Tell = (progress: HourProgress) => void;

/**
 * What some work tells of itself. It does not wait until that is read, since it has a transaction open; it comes to its
 * end even when nobody reads any more.
 */
export async function* told(work: (tell: Tell) => Promise<void>): AsyncGenerator<HourProgress> {
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

/** Leaves the database alone for as long as it has been kept busy. */
export async function restAfter(startedAt: number): Promise<void> {
  await sleep(performance.now() - startedAt);
}
