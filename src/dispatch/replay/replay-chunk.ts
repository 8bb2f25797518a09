import { Inject, Injectable } from '@nestjs/common';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { POSTACK_DATA_SOURCE } from '../../postack.data-source.js';
import { POSTACK_OPTIONS, type ResolvedPostackOptions } from '../../postack.options.js';
import { abandonConnection } from '../abandon-connection.js';
import type { Handler } from '../handlers/handler.js';
import { Handover } from '../lanes/handover.js';
import { StoredEvents } from '../stored-events.js';
import { ReplayEntity } from './replay.entity.js';
import { ReplaySelection, type SelectedEvent } from './replay-selection.js';

/** A chunk of a replay took too long. */
class ReplayTimeoutError extends Error {
  override readonly name = 'ReplayTimeoutError';

  constructor(timeoutMs: number) {
    super(`not done after ${timeoutMs} ms: PostgreSQL does not answer`);
  }
}

/** One transaction of a replay: look how it stands, hand out the next events, note how far it has got. */
@Injectable()
export class ReplayChunk {
  constructor(
    @Inject(POSTACK_DATA_SOURCE) private readonly dataSource: DataSource,
    @Inject(POSTACK_OPTIONS) private readonly options: ResolvedPostackOptions,
    private readonly selection: ReplaySelection,
    private readonly events: StoredEvents,
    private readonly handover: Handover,
  ) {}

  /**
   * Hands out up to `limit` events.
   *
   * @returns whether there is more to do: false at the end, and when the replay has been paused or cancelled.
   * @throws whatever keeps it from it; nothing has happened then.
   */
  async run(replayId: string, limit: number): Promise<boolean> {
    const timeoutMs = this.options.dispatchTimeoutMs;
    const queryRunner = this.dataSource.createQueryRunner();
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new ReplayTimeoutError(timeoutMs));
        // What cannot be had cannot be closed either; the chunk itself tells of it.
        abandonConnection(queryRunner).catch(() => undefined);
      }, timeoutMs);
    });
    try {
      return await Promise.race([this.#transaction(replayId, limit, queryRunner), timeout]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #transaction(replayId: string, limit: number, queryRunner: QueryRunner): Promise<boolean> {
    try {
      await queryRunner.startTransaction();
      const hasMore = await this.#handOut(replayId, limit, queryRunner.manager);
      await queryRunner.commitTransaction();
      return hasMore;
    } catch (error) {
      // A lost connection cannot roll back, and need not; the first error is the one to report.
      if (queryRunner.isTransactionActive) await queryRunner.rollbackTransaction().catch(() => undefined);
      throw error;
    } finally {
      await queryRunner.release();
    }
  }

  async #handOut(replayId: string, limit: number, manager: EntityManager): Promise<boolean> {
    const replays = manager.getRepository(ReplayEntity);
    const replay = await replays.findOne({ where: { id: replayId }, lock: { mode: 'pessimistic_write' } });
    if (replay?.state !== 'running') return false;
    const selected = await this.selection.next(replay, limit, manager);
    const stored = await this.events.load(
      selected.map(({ rowId }) => rowId),
      manager,
    );
    const byRowId = new Map(stored.map((event) => [event.rowId, event]));
    const reason = replay.kind;
    for (const [handler, rowIds] of byHandler(selected)) {
      const events = rowIds.flatMap((rowId) => byRowId.get(rowId) ?? []);
      await this.handover.again(handler, events, reason, replay.id, manager);
    }
    const isDone = selected.length < limit;
    const handedOut = selected.filter(({ handlers }) => handlers.length > 0).length;
    await replays.update(replay.id, {
      state: isDone ? 'done' : 'running',
      position: selected.at(-1)?.rowId ?? replay.position,
      scheduled: String(BigInt(replay.scheduled) + BigInt(handedOut)),
      error: null,
      updatedAt: new Date(),
    });
    return !isDone;
  }
}

/** In the order of the handlers' names, so that two transactions wait for each other instead of deadlocking. */
function byHandler(selected: readonly SelectedEvent[]): [Handler, string[]][] {
  const rowIds = new Map<Handler, string[]>();
  for (const { rowId, handlers } of selected) {
    for (const handler of handlers) {
      const list = rowIds.get(handler);
      if (list) list.push(rowId);
      else rowIds.set(handler, [rowId]);
    }
  }
  return [...rowIds].sort(([a], [b]) => (a.name < b.name ? -1 : 1));
}
