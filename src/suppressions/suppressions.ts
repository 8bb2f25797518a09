import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { normalizePhoneNumber, maskPhoneNumber } from '../events/phone-number.js';
import type { Page } from '../database/keyset-page.js';
import { PostackDatabase } from '../database/postack-database.js';
import type { NumberListImport } from '../csv/number-list-import.js';
import { parsePhoneNumber, NUMBER_RULE } from '../events/phone-number.js';
import { MAX_REASON_LENGTH } from '../errors/decision-reason.js';
import { exportSuppressions, importSuppressions } from './suppression-csv.js';
import { suppressions, suppressionsPage, type SuppressionFilter } from './suppression-lists.js';
import { liftSuppressions, recordSuppressions, type SuppressionEntry } from './suppression-record.js';
import { InvalidSuppressionError, SuppressionNotFoundError } from './suppression-errors.js';
import { SuppressionEntity } from './suppression.entity.js';

/** What a person decides about a number. */
export interface SuppressionRequest {
  /** E.164, spaces and brackets allowed; a short code; or a sender name. */
  number: string;
  /** 1 to 1,000 characters. */
  reason: string;
  /** Until then. Default: for good. */
  expiresAt?: Date;
}

/** The message that failed, which a suppression rests on. */
export type SuppressionEvidence = Omit<SuppressionEntry, 'source' | 'reason'>;

/** Numbers that nothing is sent to, because nothing arrives there. */
@Injectable()
export class Suppressions {
  constructor(private readonly database: PostackDatabase) {}

  /** The suppression that keeps messages from a number now; `null` when there is none. */
  find(number: string, manager: EntityManager = this.database.manager): Promise<SuppressionEntity | null> {
    return suppressions(manager, true)
      .andWhere('suppression.number = :number', { number: normalizePhoneNumber(number) })
      .getOne();
  }

  /** Suppresses the number of a message that failed, in the transaction of `manager`. @returns whether that changes anything. */
  async suppress(evidence: SuppressionEvidence, manager: EntityManager): Promise<boolean> {
    const number = normalizePhoneNumber(evidence.number);
    const entry: SuppressionEntry = { ...evidence, number, source: 'failure', reason: null };
    return (await recordSuppressions([entry], manager)).length > 0;
  }

  /**
   * Ends, in the transaction of `manager`, what rests on messages that may have arrived after all.
   *
   * @param messageIds Postack's ids.
   */
  async lift(messageIds: readonly string[], manager: EntityManager): Promise<void> {
    await liftSuppressions(
      manager,
      'known.message_id = ANY ($1)',
      [messageIds],
      'The message may have arrived',
    );
  }

  /** The latest first. @throws {InvalidCursorError} */
  list(filter: SuppressionFilter = {}): Promise<Page<SuppressionEntity>> {
    return suppressionsPage(this.database, filter);
  }

  /**
   * Suppresses a number. One that is suppressed for longer stays so.
   *
   * @returns what is known of the number now.
   * @throws {InvalidSuppressionError}
   */
  async add({ number, reason, expiresAt }: SuppressionRequest): Promise<SuppressionEntity> {
    const since = new Date();
    if (expiresAt && !(expiresAt > since)) {
      throw new InvalidSuppressionError('"expiresAt" must be a time to come');
    }
    const entry: SuppressionEntry = {
      ...{ number: required(number), since, expiresAt: expiresAt ?? null, source: 'admin' },
      ...{ code: null, messageId: null, eventId: null, reason: checkedReason(reason) },
    };
    return this.database.transaction(async (manager) => {
      await recordSuppressions([entry], manager);
      return manager.findOneByOrFail(SuppressionEntity, { number: entry.number });
    });
  }

  /**
   * Lets messages go to a number again. It is suppressed anew when a later one fails.
   *
   * @throws {InvalidSuppressionError}
   * @throws {SuppressionNotFoundError} when nothing keeps messages from it.
   */
  async remove({ number, reason }: Omit<SuppressionRequest, 'expiresAt'>): Promise<SuppressionEntity> {
    const [canonical, removedReason] = [required(number), checkedReason(reason)];
    return this.database.transaction(async (manager) => {
      const suppression = await this.find(canonical, manager);
      if (!suppression) {
        throw new SuppressionNotFoundError(`${maskPhoneNumber(canonical)} is not suppressed`);
      }
      const removed = { removedAt: new Date(), removedReason };
      await manager.update(SuppressionEntity, { number: canonical }, removed);
      return Object.assign(suppression, removed);
    });
  }

  /**
   * Takes over a list of numbers; see `importSuppressions` for its columns.
   *
   * @param source CSV in UTF-8.
   * @param options.reason Of the rows that have none of their own: 1 to 1,000 characters.
   * @throws {InvalidSuppressionError} when it is no such list; rows before that may be taken.
   */
  async importCsv(source: Readable, { reason }: { reason: string }): Promise<NumberListImport> {
    return importSuppressions(source, checkedReason(reason), this.database);
  }

  /** Every number that is suppressed now, as CSV in UTF-8 that `importCsv` takes, however many they are. */
  exportCsv(): Readable {
    return exportSuppressions(this.database);
  }
}

function required(text: string): string {
  const number = parsePhoneNumber(text);
  if (number === undefined) throw new InvalidSuppressionError(`the number ${NUMBER_RULE}`);
  return number;
}

function checkedReason(reason: string): string {
  const trimmed = reason.trim();
  if (trimmed !== '' && trimmed.length <= MAX_REASON_LENGTH && !trimmed.includes('\0')) return trimmed;
  throw new InvalidSuppressionError(`"reason" must be a text of 1 to ${MAX_REASON_LENGTH} characters`);
}
