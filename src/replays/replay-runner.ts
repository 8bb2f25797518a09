import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Job } from 'pg-boss';
import { loggableError } from '../errors/loggable-error.js';
import { PostackDatabase } from '../database/postack-database.js';
import { Shutdown } from '../jobs/shutdown.js';
import { ReplayEntity } from './replay.entity.js';
import { ReplayChunk } from './replay-chunk.js';
import { ReplayPace } from './replay-pace.js';
import { ReplayQueue, type ReplayJob } from './replay-queue.js';

/** Replays that one process runs at once; others wait for their turn. */
const MAX_AT_ONCE = 4;

/** A replay goes to the back of the queue after so long: there may be more of them than can run at once. */
const TURN_MS = 60_000;

/** How often to look for replays that have been asked for, in seconds. */
const POLL_SECONDS = 2;

/** Wait after a failed chunk, growing up to the second value. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

/** This process stops; the job is tried again, by whoever is there. */
class StoppingError extends Error {
  override readonly name = 'StoppingError';
}

/** Runs replays, chunk by chunk at their rate, each a job that survives the process. */
@Injectable()
export class ReplayRunner implements BeforeApplicationShutdown {
  readonly #logger = new Logger('PostackReplay');
  readonly #stopping = new AbortController();
  readonly #turns = new Set<Promise<void>>();

  constructor(
    private readonly database: PostackDatabase,
    private readonly shutdown: Shutdown,
    private readonly queue: ReplayQueue,
    private readonly chunk: ReplayChunk,
  ) {
    queue.process((job) => this.#begin(job), { concurrency: MAX_AT_ONCE, pollSeconds: POLL_SECONDS });
  }

  /** Ends between two chunks. The jobs are given back when pg-boss stops. */
  async beforeApplicationShutdown(): Promise<void> {
    this.#stopping.abort(new StoppingError('this process stops'));
    await Promise.race([Promise.allSettled(this.#turns), this.shutdown.begin()]);
  }

  async #begin({ data, signal }: Job<ReplayJob>): Promise<void> {
    const turn = this.#turn(data.replayId, AbortSignal.any([signal, this.#stopping.signal]));
    this.#turns.add(turn);
    try {
      await turn;
    } finally {
      this.#turns.delete(turn);
    }
  }

  /** @throws when it is to be tried again. */
  async #turn(replayId: string, signal: AbortSignal): Promise<void> {
    const replays = this.database.repository(ReplayEntity);
    const replay = await replays.findOneBy({ id: replayId });
    if (replay?.state !== 'running') return;
    const pace = new ReplayPace(replay.ratePerSecond);
    const endsAtMs = performance.now() + TURN_MS;
    let pauseMs = FIRST_PAUSE_MS;
    while (performance.now() < endsAtMs) {
      await wait(pace.next(), signal);
      try {
        if (!(await this.chunk.run(replayId, pace.chunkSize))) return;
        pauseMs = FIRST_PAUSE_MS;
      } catch (error) {
        await this.#report(replayId, error, pauseMs);
        await wait(pauseMs, signal);
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      }
    }
    await this.database.transaction((manager) => this.queue.send(replayId, manager));
  }

  async #report(replayId: string, error: unknown, pauseMs: number): Promise<void> {
    const text = loggableError(error);
    this.#logger.warn(`Replay ${replayId} failed, trying again in ${pauseMs} ms: ${text}`);
    await this.database
      .repository(ReplayEntity)
      .update(replayId, { error: text, updatedAt: new Date() })
      // It may be the database that is away.
      .catch(() => undefined);
  }
}

/** @throws the reason of `signal` as soon as it is aborted. */
async function wait(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await sleep(ms, undefined, { signal }).catch(() => {
    signal.throwIfAborted();
  });
}
