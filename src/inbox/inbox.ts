import { Injectable, Logger } from '@nestjs/common';
import { EventParser } from '../events/event-parser.js';
import { loggableError } from '../errors/loggable-error.js';
import { PostackDatabase } from '../database/postack-database.js';
import { NOTIFY_INBOX } from '../jobs/notifications.js';
import { JobsOptions } from '../jobs/jobs.options.js';
import { InboxOptions } from './inbox.options.js';
import { GroupCommit, GroupCommitTimeout } from '../database/group-commit.js';
import { InboxEventEntity } from './inbox-event.entity.js';
import { InboxInsert, isRowFault, type NewInboxRow } from './inbox-insert.js';

/** What became of an authentic webhook; the value of the `postack-receipt` header. */
export type Receipt = 'accepted' | 'duplicate' | 'quarantined';

/** The event could not be stored now; the sender has to try again. */
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

/** What the inbox takes over from signature verification. */
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
  #pace: (() => Promise<void> | undefined) | undefined;

  constructor(
    private readonly options: InboxOptions,
    jobs: JobsOptions,
    database: PostackDatabase,
    private readonly parser: EventParser,
  ) {
    this.#insert = new InboxInsert(
      database.pool,
      database.table(InboxEventEntity),
      options.endpoint,
      options.commitTimeoutMs,
      // A process that dispatches learns of its own commits directly; others need a NOTIFY.
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
   * Lets whoever dispatches keep up: before each commit, what `pace` returns is waited for. Must not reject, nor take
   * long: webhooks wait.
   */
  paceBy(pace: () => Promise<void> | undefined): void {
    this.#pace = pace;
  }

  /**
   * Stores an authentic webhook. What is no event (not JSON, no type) is stored too, as `quarantined`.
   *
   * @throws {InboxUnavailableError} when it could not be committed; it may be sent again.
   */
  async accept(signature: SignatureFacts, body: Buffer): Promise<Receipt> {
    if (this.#commits.waiting >= this.options.maxPendingWrites) {
      throw new InboxUnavailableError(
        'overloaded',
        `${this.#commits.waiting} events are waiting to be committed`,
      );
    }
    const row = this.#row(signature, body);
    let isNew: boolean;
    try {
      isNew = await this.#commits.add(row);
    } catch (cause) {
      const why =
        cause instanceof GroupCommitTimeout ? 'the commit took too long' : 'PostgreSQL did not commit';
      throw new InboxUnavailableError('storage-unavailable', why, { cause });
    }
    if (!isNew) return 'duplicate';
    return row.quarantineReason === null ? 'accepted' : 'quarantined';
  }

  #row(signature: SignatureFacts, body: Buffer): NewInboxRow {
    const parsed = this.parser.inspect(body);
    return {
      svixId: signature.id,
      type: parsed.ok ? parsed.wireType : null,
      occurredAt: (parsed.ok ? parsed.occurredAt : null) ?? new Date(signature.signedAtMs),
      body,
      secretFingerprint: signature.secretFingerprint,
      clockSkewMs: signature.clockSkewMs,
      quarantineReason: parsed.ok ? null : parsed.reason,
    };
  }

  /** For each row whether it is new. One row that PostgreSQL refuses never fails the others. */
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
    return results;
  }

  async #storeAlone(row: NewInboxRow): Promise<boolean> {
    try {
      return (await this.#insert.run([row]))[0] === true;
    } catch (error) {
      if (!isRowFault(error)) throw error;
      this.#logger.error(
        `PostgreSQL refused event ${row.svixId} as it is; quarantining its bytes: ${loggableError(error)}`,
      );
      row.quarantineReason = `PostgreSQL refused it: ${error.message}`;
      row.type = null;
      row.occurredAt = new Date();
      return (await this.#insert.run([row]))[0] === true;
    }
  }
}

/** Enough to make the commit's cost per event small; more would only add waiting. */
const MAX_COMMIT_ROWS = 500;

/** The next batch is sent while PostgreSQL still flushes the last one. */
const MAX_COMMITS_IN_FLIGHT = 2;
