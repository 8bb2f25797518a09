import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import {
  maskPhoneNumber,
  normalizePhoneNumber,
  NUMBER_RULE,
  parsePhoneNumber,
} from '../events/phone-number.js';
import type { Page } from '../database/keyset-page.js';
import { PostackDatabase } from '../database/postack-database.js';
import type { NumberListImport } from '../csv/number-list-import.js';
import { checkedReason } from '../errors/decision-reason.js';
import { exportSuppressions, importSuppressions } from './suppression-csv.js';
import { suppressions, suppressionsPage, type SuppressionFilter } from './suppression-lists.js';
import { liftSuppressions, recordSuppressions, type SuppressionEntry } from './suppression-record.js';
import { InvalidSuppressionError, SuppressionNotFoundError } from './suppression-errors.js';
import { SuppressionEntity } from './suppression.entity.js';

/** An operator's suppression of a number. */
export interface SuppressionRequest {
  /** E.164, spaces and brackets allowed; a short code; or a sender name. */
  number: string;
  /** 1 to 1,000 characters. */
  reason: string;
  /** End of the suppression. Default: none. */
  expiresAt?: Date;
}

/** The failed message that causes a suppression. */
export type SuppressionEvidence = Omit<SuppressionEntry, 'source' | 'reason'>;

/** Numbers that get no messages because messages to them fail. */
@Injectable()
export class Suppressions {
  constructor(private readonly database: PostackDatabase) {}

  /** The suppression of a number that is in effect; `null` when there is none. */
  find(number: string, manager: EntityManager = this.database.manager): Promise<SuppressionEntity | null> {
    return suppressions(manager, true)
      .andWhere('suppression.number = :number', { number: normalizePhoneNumber(number) })
      .getOne();
  }

  /** Suppresses the recipient of a failed message, in the transaction of `manager`. @returns whether that changed anything. */
  async suppress(evidence: SuppressionEvidence, manager: EntityManager): Promise<boolean> {
    const number = normalizePhoneNumber(evidence.number);
    const entry: SuppressionEntry = { ...evidence, number, source: 'failure', reason: null };
    return (await recordSuppressions([entry], manager)).length > 0;
  }

  /**
   * Ends the suppressions caused by messages that may have been delivered after all, in the transaction of `manager`.
   *
   * @param messageIds Postack's ids.
   */
  async lift(messageIds: readonly string[], manager: EntityManager): Promise<void> {
    await liftSuppressions(
      manager,
      'known.message_id = ANY ($1)',
      [messageIds],
      'The message may have been delivered',
    );
  }

  /** Latest first. @throws {InvalidCursorError} */
  list(filter: SuppressionFilter = {}): Promise<Page<SuppressionEntity>> {
    return suppressionsPage(this.database, filter);
  }

  /**
   * Suppresses a number. Never shortens its current suppression.
   *
   * @returns the resulting suppression.
   * @throws {InvalidSuppressionError}
   */
  async add({ number, reason, expiresAt }: SuppressionRequest): Promise<SuppressionEntity> {
    const since = new Date();
    if (expiresAt && !(expiresAt > since)) {
      throw new InvalidSuppressionError('"expiresAt" must be in the future');
    }
    const entry: SuppressionEntry = {
      ...{ number: required(number), since, expiresAt: expiresAt ?? null, source: 'admin' },
      ...{
        code: null,
        messageId: null,
        eventId: null,
        reason: checkedReason(reason, InvalidSuppressionError),
      },
    };
    return this.database.transaction(async (manager) => {
      await recordSuppressions([entry], manager);
      return manager.findOneByOrFail(SuppressionEntity, { number: entry.number });
    });
  }

  /**
   * Ends the suppression of a number. A later failed message can suppress it again.
   *
   * @throws {InvalidSuppressionError}
   * @throws {SuppressionNotFoundError} when the number is not suppressed.
   */
  async remove({ number, reason }: Omit<SuppressionRequest, 'expiresAt'>): Promise<SuppressionEntity> {
    const [normalized, removedReason] = [required(number), checkedReason(reason, InvalidSuppressionError)];
    return this.database.transaction(async (manager) => {
      const suppression = await this.find(normalized, manager);
      if (!suppression) {
        throw new SuppressionNotFoundError(`${maskPhoneNumber(normalized)} is not suppressed`);
      }
      const removed = { removedAt: new Date(), removedReason };
      await manager.update(SuppressionEntity, { number: normalized }, removed);
      return Object.assign(suppression, removed);
    });
  }

  /**
   * Imports a list of suppressions with the columns `number`, `expires_at`, `code` and `reason`.
   *
   * @param source CSV in UTF-8.
   * @param options.reason For rows without a reason: 1 to 1,000 characters.
   * @throws {InvalidSuppressionError} when the source is not such a list. Rows before the error may have been imported.
   */
  async importCsv(source: Readable, { reason }: { reason: string }): Promise<NumberListImport> {
    return importSuppressions(source, checkedReason(reason, InvalidSuppressionError), this.database);
  }

  /** Streams every number that is suppressed now, as CSV in UTF-8 that `importCsv` accepts. */
  exportCsv(): Readable {
    return exportSuppressions(this.database);
  }
}

function required(text: string): string {
  const number = parsePhoneNumber(text);
  if (number === undefined) throw new InvalidSuppressionError(`the number ${NUMBER_RULE}`);
  return number;
}
