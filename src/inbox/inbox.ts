import { Injectable, Logger } from '@nestjs/common';
import { EventParser } from '../events/event-parser.js';
import { currentTraceParent } from '../events/tracing.js';
import { UnrecognizedEvents } from '../events/unrecognized-events.js';
import { loggableError } from '../errors/loggable-error.js';
import { OwnPool } from '../database/own-pool.js';
import { PostackDatabase } from '../database/postack-database.js';
import { isRowFault } from '../database/row-fault.js';
import { NOTIFY_INBOX } from '../jobs/notifications.js';
import { JobsOptions } from '../jobs/jobs.options.js';
import { InboxOptions } from './inbox.options.js';
import { GroupCommit, GroupCommitTimeout } from '../database/group-commit.js';
import { InboxEventEntity } from './inbox-event.entity.js';
import { InboxInsert, type NewInboxRow } from './inbox-insert.js';

/** Outcome of an authentic webhook; the value of the `postack-receipt` header. */
export type Receipt = 'accepted' | 'duplicate' | 'quarantined';

/** The event could not be stored now; the sender has to send it again. */
export class InboxUnavailableError extends Error {
  readonly code = 'POSTACK_INBOX_UNAVAILABLE';
  override readonly name = 'InboxUnavailableError';

  constructor(
    readonly reason: 'storage-unavailable' | 'overloaded',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Begins the reason why an event is quarantined whose row PostgreSQL has refused. It could not be stored otherwise later. */
export const REJECTED = 'rejected by PostgreSQL';

/** What the inbox stores from signature verification. */
export interface SignatureFacts {
  id: string;
  signedAtMs: number;
  clockSkewMs: number;
  secretFingerprint: string;
}

/**
 * Accepts events: each is stored and committed before `accept` resolves. Under load many are committed
 * together, in one statement; an idle inbox commits each at once.
 */
@Injectable()
export class Inbox {
  readonly #logger = new Logger('PostackInbox');
  readonly #insert: InboxInsert;
  readonly #commits: GroupCommit<NewInboxRow, boolean>;
  readonly #observers = new Set<(stored: number) => void>();
  #onReadable: ((rowIds: readonly string[]) => Promise<void>) | undefined;
  #pace: (() => Promise<void> | undefined) | undefined;

  constructor(
    private readonly options: InboxOptions,
    jobs: JobsOptions,
    database: PostackDatabase,
    pool: OwnPool,
    private readonly parser: EventParser,
    private readonly unrecognized: UnrecognizedEvents,
  ) {
    this.#insert = new InboxInsert(
      pool,
      database.table(InboxEventEntity),
      options.commitTimeoutMs,
      // A process that dispatches observes its own commits directly; only the others need a NOTIFY.
      jobs.works ? undefined : NOTIFY_INBOX,
    );
    this.#commits = new GroupCommit((rows) => this.#store(rows), {
      maxBatchSize: MAX_COMMIT_ROWS,
      maxInFlight: MAX_COMMITS_IN_FLIGHT,
      timeoutMs: options.commitTimeoutMs,
      ready: () => this.#pace?.(),
    });
  }

  /** Calls `observer` after each commit that stored something new, with the number of events. */
  onCommit(observer: (stored: number) => void): void {
    this.#observers.add(observer);
  }

  /**
   * Registers what is done with quarantined events that have come in again and can be read now, before they are
   * acknowledged.
   *
   * @param observer Gets `InboxEventEntity.id`.
   */
  onReadable(observer: (rowIds: readonly string[]) => Promise<void>): void {
    this.#onReadable = observer;
  }

  /**
   * Lets the dispatcher keep up: each commit first waits for the promise that `pace` returns. It must not reject, and
   * must resolve quickly: webhooks wait for it.
   */
  paceBy(pace: () => Promise<void> | undefined): void {
    this.#pace = pace;
  }

  /**
   * Stores an authentic webhook of an endpoint. A body that is not an event (not JSON, no type) is stored too, as `quarantined`.
   *
   * @throws {InboxUnavailableError} when it was not committed; the sender may send it again.
   */
  async accept(endpoint: string, signature: SignatureFacts, body: Buffer): Promise<Receipt> {
    if (this.#commits.waiting >= this.options.maxPendingWrites) {
      throw new InboxUnavailableError(
        'overloaded',
        `${this.#commits.waiting} events are already waiting to be committed`,
      );
    }
    const row = this.#row(endpoint, signature, body);
    let isNew: boolean;
    try {
      isNew = await this.#commits.add(row);
    } catch (cause) {
      const why =
        cause instanceof GroupCommitTimeout
          ? `PostgreSQL did not commit within ${this.options.commitTimeoutMs} ms`
          : 'PostgreSQL did not commit';
      throw new InboxUnavailableError('storage-unavailable', why, { cause });
    }
    if (!isNew) return 'duplicate';
    if (row.quarantineReason === null) return 'accepted';
    this.unrecognized.quarantined(row.quarantineReason, body);
    return 'quarantined';
  }

  /**
   * Does what accepting an event does, without storing one: a write to the table, committed to the disk.
   *
   * @throws when PostgreSQL cannot, or does not within `timeoutMs`.
   */
  async probe(timeoutMs: number): Promise<void> {
    await this.#insert.probe(timeoutMs);
  }

  #row(endpoint: string, signature: SignatureFacts, body: Buffer): NewInboxRow {
    const parsed = this.parser.inspect(body);
    return {
      endpoint,
      svixId: signature.id,
      type: parsed.ok ? parsed.wireType : null,
      occurredAt: (parsed.ok ? parsed.occurredAt : null) ?? new Date(signature.signedAtMs),
      body,
      secretFingerprint: signature.secretFingerprint,
      clockSkewMs: signature.clockSkewMs,
      quarantineReason: parsed.ok ? null : parsed.reason,
      traceParent: currentTraceParent(),
    };
  }

  /** For each row, whether it is new. A row that PostgreSQL rejects never fails the others. */
  async #store(rows: NewInboxRow[]): Promise<PromiseSettledResult<boolean>[]> {
    let results: PromiseSettledResult<boolean>[];
    try {
      const isNew = await this.#insert.run(rows);
      results = isNew.map((value) => ({ status: 'fulfilled', value }));
    } catch (error) {
      if (!isRowFault(error)) throw error;
      results = await Promise.allSettled(rows.map((row) => this.#storeAlone(row)));
    }
    const stored = results.filter((result) => result.status === 'fulfilled' && result.value).length;
    if (stored > 0) for (const observer of this.#observers) observer(stored);
    return stored === rows.length ? results : this.#readAgain(rows, results);
  }

  /** Of the duplicates, those that were quarantined when they were stored are read again. */
  async #readAgain(
    rows: readonly NewInboxRow[],
    results: PromiseSettledResult<boolean>[],
  ): Promise<PromiseSettledResult<boolean>[]> {
    const isReadableDuplicate = (index: number) => {
      const result = results[index];
      return rows[index]?.quarantineReason === null && result?.status === 'fulfilled' && !result.value;
    };
    const again = rows.filter((_row, index) => isReadableDuplicate(index));
    if (again.length === 0 || !this.#onReadable) return results;
    try {
      const quarantined = await this.#insert.quarantined(again);
      if (quarantined.length > 0) await this.#onReadable(quarantined);
      return results;
    } catch (reason) {
      return results.map((result, index) =>
        isReadableDuplicate(index) ? { status: 'rejected', reason } : result,
      );
    }
  }

  async #storeAlone(row: NewInboxRow): Promise<boolean> {
    try {
      return (await this.#insert.run([row]))[0] === true;
    } catch (error) {
      if (!isRowFault(error)) throw error;
      this.#logger.error(
        `PostgreSQL rejected event ${row.svixId}; storing its bytes as quarantined: ${loggableError(error)}`,
      );
      row.quarantineReason = `${REJECTED}: ${error.message}`;
      row.type = null;
      row.occurredAt = new Date();
      return (await this.#insert.run([row]))[0] === true;
    }
  }
}

/** Enough to make the cost of a commit per event small; larger batches would only add latency. */
const MAX_COMMIT_ROWS = 500;

/** The next batch is sent while PostgreSQL is still flushing the previous one. */
const MAX_COMMITS_IN_FLIGHT = 2;
