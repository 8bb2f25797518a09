import { Injectable } from '@nestjs/common';
import type { SelectQueryBuilder } from 'typeorm';
import { normalizePhoneNumber } from '../events/phone-number.js';
import { hasArrivalReport } from '../messages/delivery-state.js';
import { MessageEntity } from '../messages/message.entity.js';
import { keysetPage, type Page, type PageRequest } from '../database/keyset-page.js';
import type { PostackCauseClass } from '../postack-api/postack-api-error-catalogue.js';
import { PostackDatabase } from '../database/postack-database.js';
import { OutboxMessageEntity } from '../outbox/outbox-message.entity.js';
import { FailureNotFoundError, FailureStateError } from './failure-errors.js';
import { MessageFailureEntity } from './message-failure.entity.js';
import { withCause, type MessageFailure } from './message-failure.js';
import { FailuresOptions } from './failures.options.js';

/** Selects failures. */
export interface FailureFilter extends PageRequest {
  cause?: PostackCauseClass;
  code?: string;
  /** Recipient, in any common spelling. */
  number?: string;
  /** Failed at or after this time. */
  since?: Date;
  /** Failed before this time. */
  until?: Date;
  /** Only acknowledged failures (`true`), or only unacknowledged ones (`false`). Default: both. */
  acknowledged?: boolean;
}

/** A failure, with what has happened since. */
export interface FailureDetail extends MessageFailure {
  /** The message was also reported as delivered, or Postack accepted it later: it may not have failed. */
  isContradicted: boolean;
  /** `OutboxMessageEntity.id` of the resend; `null` if it was not resent. */
  resentAs: string | null;
}

type Row = MessageFailureEntity & {
  message?: MessageEntity | null;
  outbox?: OutboxMessageEntity | null;
  resend?: OutboxMessageEntity | null;
};

/** Queries the messages that did not arrive, and acknowledges them. */
@Injectable()
export class FailureQueries {
  constructor(
    private readonly database: PostackDatabase,
    private readonly options: FailuresOptions,
  ) {}

  /** Latest failures first. @throws {InvalidCursorError} */
  async list({ limit, cursor, ...filter }: FailureFilter = {}): Promise<Page<FailureDetail>> {
    const query = this.#query();
    narrow(query, filter);
    const { items, nextCursor } = await keysetPage<MessageFailureEntity, Row>(
      query,
      [
        { column: 'failure.failedAt', type: 'timestamptz', of: ({ failedAt }) => failedAt },
        { column: 'failure.messageId', type: 'text', of: ({ messageId }) => messageId },
      ],
      { limit, cursor },
    );
    return { items: items.map((row) => this.#detailOf(row)), nextCursor };
  }

  /** The failure of one message; `null` if none is recorded. */
  async find(messageId: string): Promise<FailureDetail | null> {
    const row: Row | null = await this.#query()
      .where('failure.messageId = :messageId', { messageId })
      .getOne();
    return row && this.#detailOf(row);
  }

  /**
   * Marks a failure as handled by an operator.
   *
   * @param reason Stored with the failure.
   * @throws {FailureNotFoundError}
   * @throws {FailureStateError} if it has already been acknowledged.
   */
  async acknowledge(messageId: string, reason: string): Promise<FailureDetail> {
    await this.database.transaction(async (manager) => {
      const failure = await manager.findOne(MessageFailureEntity, {
        where: { messageId },
        lock: { mode: 'pessimistic_write' },
      });
      if (!failure) throw new FailureNotFoundError(messageId);
      if (failure.acknowledgedAt) throw new FailureStateError(messageId, failure.acknowledgedAt);
      const acknowledged = { acknowledgedAt: new Date(), acknowledgedReason: reason };
      await manager.update(MessageFailureEntity, { messageId }, acknowledged);
    });
    const acknowledged = await this.find(messageId);
    if (!acknowledged) throw new FailureNotFoundError(messageId);
    return acknowledged;
  }

  #query(): SelectQueryBuilder<MessageFailureEntity> {
    return this.database
      .repository(MessageFailureEntity)
      .createQueryBuilder('failure')
      .leftJoinAndMapOne('failure.message', MessageEntity, 'message', 'message.id = failure.messageId')
      .leftJoinAndMapOne(
        'failure.outbox',
        OutboxMessageEntity,
        'outbox',
        `outbox.id = CASE WHEN failure.source = 'rejection' THEN CAST(failure.messageId AS uuid) END`,
      )
      .leftJoinAndMapOne(
        'failure.resend',
        OutboxMessageEntity,
        'resend',
        'resend.resendOf = failure.messageId',
      );
  }

  #detailOf({ message, outbox, resend, ...failure }: Row): FailureDetail {
    const hasArrived = message != null && hasArrivalReport(message.history);
    return {
      ...withCause(failure, this.options.catalogue),
      isContradicted: hasArrived || outbox?.status === 'accepted',
      resentAs: resend?.id ?? null,
    };
  }
}

function narrow(
  query: SelectQueryBuilder<MessageFailureEntity>,
  { cause, code, number, since, until, acknowledged }: FailureFilter,
): void {
  if (cause) query.andWhere('failure.causeClass = :cause', { cause });
  if (code !== undefined) query.andWhere('failure.code = :code', { code });
  if (number !== undefined) query.andWhere('failure.to = :number', { number: normalizePhoneNumber(number) });
  if (since) query.andWhere('failure.failedAt >= :since', { since });
  if (until) query.andWhere('failure.failedAt < :until', { until });
  if (acknowledged !== undefined) {
    query.andWhere(`failure.acknowledgedAt IS ${acknowledged ? 'NOT ' : ''}NULL`);
  }
}
