import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { runSql } from '../database/run-sql.js';
import { PostackDatabase } from '../database/postack-database.js';
import { idleTimeout, setIdleTimeout } from '../database/transaction-with-timeout.js';
import { DispatchOptions } from '../dispatch/dispatch.options.js';
import { Redelivery } from '../dispatch/redelivery.js';
import { StoredEvents } from '../dispatch/stored-events.js';
import { ReinterpretationChunk } from './reinterpretation-chunk.js';
import type { Subscriber } from '../listeners/subscriptions.js';
import { ReplayEntity } from './replay.entity.js';
import type { ReplayProgress } from './replay-progress.js';
import { ReplaySelection, type SelectedEvent } from './replay-selection.js';

/** A chunk of a replay took longer than `dispatchTimeoutMs`. */
class ReplayTimeoutError extends Error {
  override readonly name = 'ReplayTimeoutError';

  constructor(timeoutMs: number) {
    super(`not committed after ${timeoutMs} ms: PostgreSQL does not respond`);
  }
}

/** One transaction of a replay: check its state, redeliver or read again the next events, record its progress. */
@Injectable()
export class ReplayChunk {
  constructor(
    private readonly database: PostackDatabase,
    private readonly options: DispatchOptions,
    private readonly selection: ReplaySelection,
    private readonly events: StoredEvents,
    private readonly redelivery: Redelivery,
    private readonly reinterpretations: ReinterpretationChunk,
  ) {}

  /**
   * Redelivers up to `limit` events. If it rejects, none has been redelivered.
   *
   * @returns whether to continue: `false` at the end, and when the replay was paused or cancelled.
   */
  async run(replayId: string, limit: number): Promise<boolean> {
    await this.reinterpretations.prepare();
    const timeoutMs = this.options.dispatchTimeoutMs;
    const timedOut = () => new ReplayTimeoutError(timeoutMs);
    return this.database.transactionWithTimeout(timeoutMs, timedOut, async (manager) => {
      await runSql(manager, `SELECT ${setIdleTimeout('$1')}`, [idleTimeout(timeoutMs)]);
      return this.#processNext(replayId, limit, manager);
    });
  }

  async #processNext(replayId: string, limit: number, manager: EntityManager): Promise<boolean> {
    const replays = manager.getRepository(ReplayEntity);
    const replay = await replays.findOne({ where: { id: replayId }, lock: { mode: 'pessimistic_write' } });
    if (replay?.state !== 'running') return false;
    const { position, count, isDone } =
      replay.kind === 'reinterpret'
        ? await this.reinterpretations.run(replay, limit, manager)
        : await this.#redeliver(replay, limit, manager);
    await replays.update(replay.id, {
      state: isDone ? 'done' : 'running',
      position,
      scheduled: String(BigInt(replay.scheduled) + BigInt(count)),
      error: null,
      updatedAt: new Date(),
    });
    return !isDone;
  }

  async #redeliver(replay: ReplayEntity, limit: number, manager: EntityManager): Promise<ReplayProgress> {
    const selected = await this.selection.next(replay, limit, manager);
    const stored = await this.events.load(
      selected.map(({ rowId }) => rowId),
      manager,
    );
    const byRowId = new Map(stored.map((event) => [event.rowId, event]));
    for (const [handler, rowIds] of byHandler(selected)) {
      const events = rowIds.flatMap((rowId) => byRowId.get(rowId) ?? []);
      await this.redelivery.redeliver(handler, events, replay.kind, replay.id, manager);
    }
    return {
      position: selected.at(-1)?.rowId ?? replay.position,
      count: selected.filter(({ handlers }) => handlers.length > 0).length,
      isDone: selected.length < limit,
    };
  }
}

/** In the order of the handlers' names, so that two transactions wait for each other instead of deadlocking. */
function byHandler(selected: readonly SelectedEvent[]): [Subscriber, string[]][] {
  const rowIds = new Map<Subscriber, string[]>();
  for (const { rowId, handlers } of selected) {
    for (const handler of handlers) {
      const list = rowIds.get(handler);
      if (list) list.push(rowId);
      else rowIds.set(handler, [rowId]);
    }
  }
  return [...rowIds].sort(([a], [b]) => (a.name < b.name ? -1 : 1));
}
