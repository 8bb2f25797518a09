import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Job } from '../jobs/queue.js';
import { loggableError } from '../errors/loggable-error.js';
import { PostackDatabase } from '../database/postack-database.js';
import { Shutdown } from '../jobs/shutdown.js';
import { ReplayEntity } from './replay.entity.js';
import { ReplayChunk } from './replay-chunk.js';
import { ReplayPace } from './replay-pace.js';
import { OtherMappingError } from './reinterpretation-chunk.js';
import { ReplayQueue, type ReplayJob } from './replay-queue.js';

/** Maximum number of replays that one process runs concurrently. */
const MAX_CONCURRENCY = 4;

/** After this time a replay goes to the end of the queue, so that others get a turn. */
const TURN_MS = 60_000;

/** Interval of looking for replays to run. */
const POLL_SECONDS = 2;

/** Wait after a failed chunk; doubles up to `MAX_PAUSE_MS`. */
const MIN_PAUSE_MS = 500;
const MAX_PAUSE_MS = 15_000;

/** This process is stopping. Fails the job, so that another process continues the replay. */
class StoppingError extends Error {
  override readonly name = 'StoppingError';
}

/** Runs replays, each as a job: chunk by chunk, at its rate. The job is taken over if the process dies. */
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
    queue.process((job) => this.#run(job), {
      ...{ concurrency: MAX_CONCURRENCY, pollSeconds: POLL_SECONDS, pollSecondsWithNotify: POLL_SECONDS },
    });
  }

  /** Stops the replays between two chunks. Their jobs are given back when pg-boss stops. */
  async beforeApplicationShutdown(): Promise<void> {
    this.#stopping.abort(new StoppingError('this process is stopping'));
    await Promise.race([Promise.allSettled(this.#turns), this.shutdown.begin()]);
  }

  async #run({ data, signal }: Job<ReplayJob>): Promise<void> {
    const turn = this.#turn(data.replayId, AbortSignal.any([signal, this.#stopping.signal]));
    this.#turns.add(turn);
    try {
      await turn;
    } finally {
      this.#turns.delete(turn);
    }
  }

  /** @throws when the job is to be retried. */
  async #turn(replayId: string, signal: AbortSignal): Promise<void> {
    const replays = this.database.repository(ReplayEntity);
    const replay = await replays.findOneBy({ id: replayId });
    if (replay?.state !== 'running') return;
    const pace = new ReplayPace(replay.ratePerSecond);
    const endsAtMs = performance.now() + TURN_MS;
    let pauseMs = MIN_PAUSE_MS;
    while (performance.now() < endsAtMs) {
      await wait(pace.next(), signal);
      try {
        if (!(await this.chunk.run(replayId, pace.chunkSize))) return;
        pauseMs = MIN_PAUSE_MS;
      } catch (error) {
        await this.#recordError(replayId, error, pauseMs);
        await wait(pauseMs, signal);
        // Another process may have it.
        if (error instanceof OtherMappingError) break;
        pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
      }
    }
    await this.database.transaction((manager) => this.queue.send(replayId, manager));
  }

  async #recordError(replayId: string, error: unknown, pauseMs: number): Promise<void> {
    const text = loggableError(error);
    this.#logger.warn(`Replay ${replayId} failed; retrying in ${pauseMs} ms: ${text}`);
    await this.database
      .repository(ReplayEntity)
      .update(replayId, { error: text, updatedAt: new Date() })
      // The database itself may be unavailable.
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
