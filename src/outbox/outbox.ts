import { runSql } from '../database/run-sql.js';
import { storableText } from '../errors/storable-text.js';
import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { normalizePhoneNumber } from '../events/phone-number.js';
import type { Reply, ReplyReceipt, ReplySink } from '../events/reply-scope.js';
import { PostackDatabase } from '../database/postack-database.js';
import { PostackApiOptions } from '../postack-api/postack-api.options.js';
import { OutboxOptions } from './outbox.options.js';
import { MissingApiKeyError } from '../postack-api/unconfigured-client.js';
import { isTimeZone } from './send-rules/quiet-hours.js';
import {
  isAnswer,
  RECIPIENT,
  SENDABLE_CATEGORIES,
  type EnqueueOptions,
  type NewOutboxMessage,
  type OutboxCategory,
  type OutboxReceipt,
} from './outbox-message.js';
import { OutboxMessageEntity } from './outbox-message.entity.js';
import { OutboxQueue } from './outbox-queue.js';
import { InvalidOutboxMessageError } from './outbox-errors.js';
import { checkSmsText } from './sms-segments.js';

const MAX_KEY_LENGTH = 1000;
const MAX_SENDER_LENGTH = 64;

/** As `RECIPIENT`, or an alphanumeric name. */
const SENDER = /^(?:\+[1-9]\d{4,14}|\d{3,8}|[\p{L}\d][\p{L}\d ._&-]{0,10})$/u;

type Enqueued = Omit<NewOutboxMessage, 'category'> & { category: OutboxCategory };

/** Why a message is stored, but not sent. */
type Unsent = Pick<OutboxMessageEntity, 'status' | 'heldReason' | 'heldDetail' | 'decisionReason'>;

const QUEUED: Unsent = { status: 'queued', heldReason: null, heldDetail: null, decisionReason: null };

/** An operator releases it once there is a key. */
const NO_API_KEY: Unsent = {
  ...QUEUED,
  status: 'held',
  heldReason: 'no-api-key',
  heldDetail: new MissingApiKeyError().message + '. Then release the message',
};

const TOO_LATE: Unsent = {
  ...QUEUED,
  status: 'cancelled',
  decisionReason:
    'The message that it answers came in more than an hour before it was read rightly: see answerOld of ' +
    'POST /api/v1/events/reinterpret',
};

const insertMessageSql = (outbox: string) => `
  INSERT INTO ${outbox}
    (id, idempotency_key, category, from_number, to_number, text, encoding, segments, in_reply_to, time_zone,
     not_before, resend_of, resend_attempt, status, held_reason, held_detail, decision_reason, created_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
    date_trunc('milliseconds', clock_timestamp()))
  -- Changes nothing, but waits for a concurrent transaction with the same key and returns its row.
  ON CONFLICT (idempotency_key) DO UPDATE SET idempotency_key = excluded.idempotency_key
  RETURNING id, id = $1 AS is_new`;

/**
 * Sends messages by way of the database: an enqueued message is stored, in the caller's transaction if there is one, and
 * sent once that commits. It is sent at most once: a message that may already have reached Postack is never retried
 * automatically.
 */
@Injectable()
export class Outbox implements ReplySink {
  constructor(
    private readonly database: PostackDatabase,
    private readonly options: OutboxOptions,
    private readonly api: PostackApiOptions,
    private readonly queue: OutboxQueue,
  ) {}

  /**
   * Stores a message to be sent.
   *
   * @throws {InvalidOutboxMessageError} listing everything that is wrong with the message.
   * @throws {UnsendableTextError} when the text is empty, or longer than `replies.maxSegments` segments.
   * @throws {MissingApiKeyError} without the option `api`; a reply of a listener is held then.
   */
  async enqueue(message: NewOutboxMessage, options: EnqueueOptions = {}): Promise<OutboxReceipt> {
    if (!SENDABLE_CATEGORIES.includes(message.category)) {
      throw new InvalidOutboxMessageError([`"category" must be one of ${SENDABLE_CATEGORIES.join(', ')}`]);
    }
    if (!this.api.api) throw new MissingApiKeyError();
    return this.#enqueue(message, options);
  }

  /** Stores the one confirmation of an opt-out: the only message that a customer still gets after opting out. */
  confirmOptOut(message: Omit<NewOutboxMessage, 'category'>): Promise<OutboxReceipt> {
    if (!this.api.api) throw new MissingApiKeyError();
    return this.#enqueue({ ...message, category: 'confirmation' }, {});
  }

  async #enqueue(
    message: Enqueued,
    { manager }: EnqueueOptions,
    state: Unsent = QUEUED,
  ): Promise<OutboxReceipt> {
    const checked = {
      ...message,
      from: normalizePhoneNumber(message.from),
      to: normalizePhoneNumber(message.to),
    };
    const problems = problemsWith(checked);
    if (problems.length > 0) throw new InvalidOutboxMessageError(problems);
    const size = checkSmsText(message.text, this.options.maxSegments);
    await this.queue.prepare();
    const row = { ...checked, ...size, state };
    // Without an active transaction, the message and its job would not be stored atomically.
    if (manager?.queryRunner?.isTransactionActive) return this.#store(row, manager);
    return this.database.transaction((own) => this.#store(row, own));
  }

  /** Implements `event.reply()`. */
  async reply({ event, text, idempotencyKey, manager, isTooLate }: Reply): Promise<ReplyReceipt> {
    const { from, to } = event;
    if (from === null || to === null) {
      throw new InvalidOutboxMessageError([
        `event ${event.id} has no sender or no recipient. If Postack sends them in other fields, set the options ` +
          '"payload.from" and "payload.to"',
      ]);
    }
    return this.#enqueue(
      { from: to, to: from, text, category: 'reply', idempotencyKey, inReplyTo: event.id },
      { manager },
      isTooLate ? TOO_LATE : this.api.api ? QUEUED : NO_API_KEY,
    );
  }

  async #store(
    message: Enqueued & { encoding: string; segments: number; state: Unsent },
    manager: EntityManager,
  ): Promise<OutboxReceipt> {
    const { notBefore = null, state } = message;
    const [stored]: { id: string; is_new: boolean }[] = await runSql(
      manager,
      insertMessageSql(this.database.table(OutboxMessageEntity)),
      [
        randomUUID(),
        message.idempotencyKey,
        message.category,
        message.from,
        message.to,
        storableText(message.text),
        message.encoding,
        message.segments,
        message.inReplyTo ?? null,
        message.timeZone ?? null,
        notBefore?.toISOString() ?? null,
        message.resend?.of ?? null,
        message.resend?.attempt ?? 0,
        state.status,
        state.heldReason,
        state.heldDetail,
        state.decisionReason,
      ],
    );
    if (!stored) throw new Error('INSERT … RETURNING of an outbound message returned no row');
    const { id, is_new: isNew } = stored;
    if (isNew && state.status === 'queued')
      await this.queue.send({ id, category: message.category }, manager, notBefore);
    return { id, isDuplicate: !isNew };
  }
}

function problemsWith(message: Enqueued): string[] {
  const { from, to, category, idempotencyKey, timeZone, notBefore } = message;
  const problems: string[] = [];
  // An answer to any sender is stored; a send rule cancels what cannot be sent.
  const isRecipient =
    RECIPIENT.test(to) || (isAnswer(category) && to !== '' && to.length <= MAX_SENDER_LENGTH);
  if (!isRecipient) problems.push('"to" must be a number like +15550100001, or a short code');
  if (!SENDER.test(from)) problems.push('"from" must be one of your numbers, like +15550100002');
  if (
    idempotencyKey.length === 0 ||
    idempotencyKey.length > MAX_KEY_LENGTH ||
    idempotencyKey !== storableText(idempotencyKey)
  ) {
    problems.push(`"idempotencyKey" must have 1 to ${MAX_KEY_LENGTH} characters`);
  }
  if (timeZone !== undefined && !isTimeZone(timeZone)) {
    problems.push('"timeZone" must be an IANA time zone, like America/New_York');
  }
  if (notBefore && Number.isNaN(notBefore.getTime())) {
    problems.push('"notBefore" must be a valid date');
  }
  return problems;
}
