import { Inject, Injectable } from '@nestjs/common';
import type { EventEmitter2 } from '@nestjs/event-emitter';
import { runSql } from '../../database/run-sql.js';
import { LISTENER_EMITTER } from '../../listeners/listener-emitter.js';
import type { EntityManager } from 'typeorm';
import type {
  BatchListenerContext,
  BatchResult,
  ListenerContext,
  TransactionalListenerContext,
} from '../../listeners/listener-context.js';
import type { MessageEvent } from '../../events/message-event.js';
import { isTooLateToAnswer } from '../../listeners/late-answer.js';
import { REPLY_SINK, ReplyScope, type ReplySink } from '../../events/reply-scope.js';
import { PostackDatabase } from '../../database/postack-database.js';
import { abandonConnection, idleTimeout, setIdleTimeout } from '../../database/transaction-with-timeout.js';
import { isInstance } from '../../errors/thrown.js';
import type { Handler } from '../../listeners/handler.js';
import { ChangedReadings, type ReinterpretedEvent } from '../changed-readings.js';
import { ProjectionRunner } from '../projection-runner.js';
import { Reinterpretation } from '../reinterpretation.js';
import { inCallContext } from './call-context.js';
import { eventsOf, type HeldDelivery } from './held-delivery.js';
import { Ledger } from './ledger.js';

/** A listener took longer than its `timeoutMs`. The call counts as failed, though the listener may still be running. */
export class ListenerTimeoutError extends Error {
  readonly code = 'POSTACK_LISTENER_TIMEOUT';
  override readonly name = 'ListenerTimeoutError';

  constructor(listener: string, timeoutMs: number) {
    super(`${listener} did not finish within ${timeoutMs} ms`);
  }
}

/** A handler was not called, because PostgreSQL did not begin the transaction of the call. */
export class CallNotBegunError extends Error {
  override readonly name = 'CallNotBegunError';

  constructor(cause: unknown) {
    super('the transaction of the call could not be begun', { cause });
  }
}

/** Calls handlers through the event emitter: one by one, in batches or in a transaction, by their settings. */
@Injectable()
export class ListenerCalls {
  constructor(
    private readonly database: PostackDatabase,
    @Inject(REPLY_SINK) private readonly replies: ReplySink,
    @Inject(LISTENER_EMITTER) private readonly emitter: EventEmitter2,
    private readonly ledger: Ledger,
    private readonly projections: ProjectionRunner,
    private readonly readings: ChangedReadings,
    private readonly reinterpretation: Reinterpretation,
  ) {}

  /** Whether a successful call records its own outcome, in the transaction of the handler's writes. */
  recordsSuccess({ kind, settings }: Handler): boolean {
    return kind === 'projection' || settings.transactional;
  }

  /**
   * Calls a handler for one event, or for several when it takes batches. Never rejects: resolves to one result for each
   * call, in their order.
   */
  async run(handler: Handler, calls: readonly HeldDelivery[]): Promise<PromiseSettledResult<unknown>[]> {
    if (handler.settings.batchSize !== null) return this.#callBatch(handler, calls);
    return Promise.allSettled(calls.map((call) => this.#callOne(handler, call)));
  }

  #callOne(handler: Handler, held: HeldDelivery): Promise<unknown> {
    if (handler.kind === 'projection') return this.#callProjection(handler, held);
    if (handler.settings.transactional) {
      return this.#inTransaction(held, (manager) => this.#callWithManager(held, manager));
    }
    return this.#emit(handler, [held], (signal): [unknown, ListenerContext] => [
      held.stored.event,
      { listener: handler.name, signal, ...held.delivery },
    ]);
  }

  /** A projection failed on the event before. With another mapping since, the other projections have to run again too. */
  async #callProjection(handler: Handler, held: HeldDelivery): Promise<void> {
    const { rowId, event } = held.stored;
    await this.readings.prepare();
    let changed: ReinterpretedEvent[] = [];
    const read = async (manager: EntityManager) => {
      changed = await this.readings.find([rowId], manager, true);
    };
    const project = async (manager: EntityManager) => {
      if (changed.length > 0) {
        await this.reinterpretation.apply([rowId], changed, null, manager);
        if (handler.reinterprets || !(await this.ledger.lock(held, manager))) return;
      }
      await this.projections.runAlone(handler, event, manager);
    };
    await this.#inTransaction(held, project, read);
  }

  async #callBatch(
    handler: Handler,
    calls: readonly HeldDelivery[],
  ): Promise<PromiseSettledResult<unknown>[]> {
    const all = (result: PromiseSettledResult<unknown>) => calls.map(() => result);
    try {
      const deliveries = calls.map(({ delivery }) => delivery);
      const [returned] = await this.#emit(handler, calls, (signal): [unknown, BatchListenerContext] => [
        eventsOf(calls),
        { listener: handler.name, signal, deliveries },
      ]);
      return isBatchResult(returned, calls.length)
        ? [...returned]
        : all({ status: 'fulfilled', value: undefined });
    } catch (reason) {
      return all({ status: 'rejected', reason });
    }
  }

  /**
   * Runs a call in a transaction that also records that the delivery is done; not at all when it is not held any more.
   *
   * @param before Runs before the delivery is locked.
   * @throws {CallNotBegunError} when PostgreSQL did not begin the transaction.
   */
  async #inTransaction(
    held: HeldDelivery,
    call: (manager: EntityManager) => Promise<unknown>,
    before?: (manager: EntityManager) => Promise<void>,
  ): Promise<void> {
    const progress = { hasBegun: false };
    try {
      await this.database.transaction(async (manager) => {
        await runSql(manager, `SELECT ${setIdleTimeout('$1')}`, [
          idleTimeout(held.handler.settings.timeoutMs),
        ]);
        await before?.(manager);
        if (!(await this.ledger.lock(held, manager))) return;
        progress.hasBegun = true;
        try {
          await call(manager);
          await this.ledger.markDone(held, manager);
        } catch (error) {
          // A hanging listener may still use the connection, so a rollback might never begin.
          if (isInstance(error, ListenerTimeoutError) && manager.queryRunner) {
            await abandonConnection(manager.queryRunner).catch(() => undefined);
          }
          throw error;
        }
      });
    } catch (error) {
      throw progress.hasBegun ? error : new CallNotBegunError(error);
    }
  }

  #callWithManager(held: HeldDelivery, manager: EntityManager): Promise<unknown> {
    const { handler, stored, delivery } = held;
    return this.#emit(
      handler,
      [held],
      (signal): [unknown, TransactionalListenerContext] => [
        stored.event,
        { listener: handler.name, signal, manager, ...delivery },
      ],
      manager,
    );
  }

  /** Calls the method with a timeout, in a scope for its replies. Resolves to what it returns. */
  #emit(
    handler: Handler,
    calls: readonly HeldDelivery[],
    argumentsWith: (signal: AbortSignal) => [subject: unknown, context: unknown],
    manager?: EntityManager,
  ): Promise<unknown[]> {
    const isTooLate = (event: MessageEvent) =>
      calls.some(
        ({ stored, delivery }) => stored.event.id === event.id && isTooLateToAnswer(event, delivery),
      );
    const scope = new ReplyScope(handler.name, this.replies, isTooLate, manager);
    return inCallContext(handler, calls, () =>
      withTimeout(handler, (signal) =>
        scope.run(
          () => this.emitter.emitAsync(handler.channel, ...argumentsWith(signal)) as Promise<unknown[]>,
        ),
      ),
    );
  }
}

/** @throws the error of `call`, or {ListenerTimeoutError}. */
async function withTimeout<Result>(
  { name, settings }: Handler,
  call: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const error = new ListenerTimeoutError(name, settings.timeoutMs);
      abort.abort(error);
      reject(error);
    }, settings.timeoutMs);
  });
  try {
    return await Promise.race([call(abort.signal), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether a batch listener returned one result for each event. @throws {TypeError} when their number is wrong. */
function isBatchResult(returned: unknown, length: number): returned is BatchResult {
  const isSettled = (result: unknown) =>
    ['fulfilled', 'rejected'].includes((result as { status?: string } | null)?.status ?? '');
  if (!Array.isArray(returned) || returned.length === 0 || !returned.every(isSettled)) return false;
  if (returned.length === length) return true;
  throw new TypeError(
    `the listener returned ${returned.length} results for ${length} events: return one for each event, in their order`,
  );
}
