import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { In, IsNull, Not, type EntityManager } from 'typeorm';
import { checkedReason } from '../errors/decision-reason.js';
import { normalizePhoneNumber, maskPhoneNumber } from '../events/phone-number.js';
import type { PostackEvent } from '../events/postack-event.js';
import type { Page } from '../database/keyset-page.js';
import { PostackDatabase } from '../database/postack-database.js';
import { exportOptOuts } from './opt-out-export.js';
import { importOptOuts, type OptOutImport } from './opt-out-import.js';
import { entriesPage, statesPage, type EntriesFilter, type OptOutFilter } from './opt-out-lists.js';
import { OptOutEntity } from './opt-out.entity.js';
import { OptOutEvidenceEntity } from './opt-out-evidence.entity.js';
import { closeReviews, recordEntries, type OptOutEntry } from './opt-out-record.js';
import {
  InvalidOptOutError,
  OptOutNotFoundError,
  OptOutReviewNotFoundError,
  OptOutReviewStateError,
} from './opt-out-errors.js';
import { checkedRequest, type OptOutRequest } from './opt-out-request.js';
import { isOptedOut } from './opt-out-state.js';
import { OptOutOptions } from './opt-outs.options.js';

/** Which reviews to list. */
export interface ReviewsFilter extends EntriesFilter {
  /** `true`: unresolved reviews; `false`: resolved ones. Default `true`. */
  isOpen?: boolean;
}

/** An operator's decision about free wording that may be an opt-out. */
export interface ReviewDecision {
  decision: 'opt-out' | 'dismiss';
  /** 1 to 1,000 characters. */
  reason: string;
}

/** Which customers must not get messages, and why: the current state, and the ledger of evidence behind it. */
@Injectable()
export class OptOutLedger {
  constructor(
    private readonly database: PostackDatabase,
    private readonly options: OptOutOptions,
  ) {}

  /** Whether a customer is opted out from messages of an own number, by the option `replies.optOut.scope`. */
  async isOptedOut(
    peer: string,
    ownNumber: string,
    manager: EntityManager = this.database.manager,
  ): Promise<boolean> {
    const latest = await manager.findOne(OptOutEntity, {
      select: { peer: true, ownNumber: true, optedOut: true },
      where: {
        peer: normalizePhoneNumber(peer),
        ...(this.options.scope === 'number' && {
          ownNumber: In([normalizePhoneNumber(ownNumber), '']),
        }),
      },
      order: { since: 'DESC', receivedAt: { direction: 'DESC', nulls: 'LAST' }, optedOut: 'DESC' },
    });
    return latest?.optedOut ?? false;
  }

  /** Whether a customer has an unresolved review. */
  hasOpenReview(peer: string, manager: EntityManager = this.database.manager): Promise<boolean> {
    return manager.existsBy(OptOutEvidenceEntity, {
      peer: normalizePhoneNumber(peer),
      action: 'review',
      resolvedAt: IsNull(),
    });
  }

  /** The ledger entry that a received message caused; `null` when there is none. */
  evidenceOf(
    { endpoint, id: eventId }: Pick<PostackEvent, 'endpoint' | 'id'>,
    manager: EntityManager = this.database.manager,
  ): Promise<Pick<OptOutEvidenceEntity, 'action' | 'changed'> | null> {
    return manager.findOne(OptOutEvidenceEntity, {
      select: { action: true, changed: true },
      where: { endpoint, eventId, source: 'message' },
    });
  }

  /** The current state, latest changes first. @throws {InvalidCursorError} */
  list(filter: OptOutFilter = {}): Promise<Page<OptOutEntity>> {
    return statesPage(this.database, this.options.scope, filter);
  }

  /**
   * Every ledger entry about a number, latest first.
   *
   * @throws {OptOutNotFoundError} when there is none.
   * @throws {InvalidCursorError}
   */
  async history(number: string, filter: EntriesFilter = {}): Promise<Page<OptOutEvidenceEntity>> {
    const peer = normalizePhoneNumber(number);
    const page = await entriesPage(this.database, { peer }, filter);
    if (page.items.length > 0 || filter.cursor !== undefined) return page;
    throw new OptOutNotFoundError(`The opt-out ledger has no entry about ${maskPhoneNumber(peer)}`);
  }

  /**
   * Opts a number out. If it is opted out already, the reason is added to the history.
   *
   * @returns the current state.
   * @throws {InvalidOptOutError}
   */
  async optOut(request: OptOutRequest): Promise<OptOutEntity> {
    const entry = { ...checkedRequest(request), action: 'opt-out' as const };
    return this.database.transaction((manager) => this.#change(entry, manager));
  }

  /**
   * Opts a number in again.
   *
   * @returns the current state.
   * @throws {InvalidOptOutError}
   * @throws {OptOutNotFoundError} when the number is not opted out.
   */
  async optIn(request: OptOutRequest): Promise<OptOutEntity> {
    const entry = { ...checkedRequest(request), action: 'opt-in' as const };
    return this.database.transaction(async (manager) => {
      const states = await manager.findBy(OptOutEntity, { peer: entry.peer });
      if (!isOptedOut(states, entry.ownNumber ?? '', this.options.scope)) {
        const sender =
          entry.ownNumber === null ? '' : ` of messages from ${maskPhoneNumber(entry.ownNumber)}`;
        throw new OptOutNotFoundError(`${maskPhoneNumber(entry.peer)} is not opted out${sender}`);
      }
      return this.#change(entry, manager);
    });
  }

  /** Messages with free wording that may be an opt-out, latest first. @throws {InvalidCursorError} */
  reviews({ isOpen = true, ...filter }: ReviewsFilter = {}): Promise<Page<OptOutEvidenceEntity>> {
    const resolvedAt = isOpen ? IsNull() : Not(IsNull());
    return entriesPage(this.database, { action: 'review', resolvedAt }, filter);
  }

  /**
   * Resolves a review, and with it all that the customer has. While one is open, no solicitations are sent to the customer.
   *
   * @param id `OptOutEvidenceEntity.id`.
   * @throws {InvalidOptOutError}
   * @throws {OptOutReviewNotFoundError}
   * @throws {OptOutReviewStateError} when it is resolved already.
   */
  async resolveReview(id: string, { decision, reason }: ReviewDecision): Promise<OptOutEvidenceEntity> {
    const checked = checkedReason(reason, InvalidOptOutError);
    if (!/^\d{1,18}$/.test(id)) throw new OptOutReviewNotFoundError(id);
    return this.database.transaction(async (manager) => {
      const review = await manager.findOne(OptOutEvidenceEntity, {
        where: { id, action: 'review' },
        lock: { mode: 'pessimistic_write' },
      });
      if (!review) throw new OptOutReviewNotFoundError(id);
      if (review.resolvedAt) throw new OptOutReviewStateError(id, review.resolvedAt);
      const resolvedAt = new Date();
      await manager.update(OptOutEvidenceEntity, { id }, { resolvedAt });
      await closeReviews([review.peer], manager);
      const { peer, ownNumber, keyword, endpoint, eventId } = review;
      const event = { keyword, endpoint, eventId };
      await this.#record({ peer, ownNumber, action: decision, reason: checked, ...event }, manager);
      return Object.assign(review, { resolvedAt });
    });
  }

  /**
   * Imports a list of opt-outs with the columns `number`, `own_number`, `opted_out_at` and `reason`.
   *
   * @param source CSV in UTF-8.
   * @param options.reason For rows without a reason: 1 to 1,000 characters.
   * @throws {InvalidOptOutError} when the source is not such a list. Rows before the error may have been imported.
   */
  async importCsv(source: Readable, { reason }: { reason: string }): Promise<OptOutImport> {
    return importOptOuts(
      source,
      checkedReason(reason, InvalidOptOutError),
      this.options.scope,
      this.database,
    );
  }

  /** Streams every number that is opted out, as CSV in UTF-8 that `importCsv` accepts. */
  exportCsv(): Readable {
    return exportOptOuts(this.options.scope, this.database);
  }

  async #change(
    entry: Pick<OptOutEvidenceEntity, 'peer' | 'ownNumber' | 'action' | 'reason'>,
    manager: EntityManager,
  ): Promise<OptOutEntity> {
    await this.#record({ ...entry, keyword: null, endpoint: null, eventId: null }, manager);
    return manager.findOneByOrFail(OptOutEntity, { peer: entry.peer, ownNumber: entry.ownNumber ?? '' });
  }

  async #record(
    entry: Omit<OptOutEntry, 'source' | 'occurredAt' | 'receivedAt'>,
    manager: EntityManager,
  ): Promise<void> {
    const decision: OptOutEntry = { ...entry, source: 'admin', occurredAt: new Date(), receivedAt: null };
    await recordEntries([decision], this.options.scope, manager);
  }
}
