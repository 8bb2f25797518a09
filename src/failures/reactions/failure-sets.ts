import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { GroupCommit } from '../../database/group-commit.js';
import { PostackDatabase } from '../../database/postack-database.js';
import { MessageFailureEntity } from '../message-failure.entity.js';
import type { ResendRefusal } from '../failure-states.js';
import type { MessageFailure } from '../message-failure.js';
import { maybeSent } from './maybe-sent.js';

/** The reaction to a failure had no effect. */
interface NoEffect {
  failure: MessageFailure;
  resendRefusal: ResendRefusal | null;
}

/** What reactions read and write when they have no effect: one statement for all failures of the same moment. */
@Injectable()
export class FailureSets {
  readonly #failures = grouped((ids: readonly string[]) => this.#findAll(ids));
  readonly #senders = grouped((failures: readonly MessageFailure[]) => this.#maybeSent(failures));
  readonly #marks = grouped((marks: readonly NoEffect[]) => this.#markAll(marks));

  constructor(private readonly database: PostackDatabase) {}

  /** A recorded failure. */
  find(messageId: string): Promise<MessageFailureEntity | null> {
    return this.#failures.add(messageId);
  }

  /** Whether the outbox has sent the message, or may have: a send of unknown outcome fits. */
  isMaybeOurs(failure: MessageFailure): Promise<boolean> {
    return this.#senders.add(failure);
  }

  /** Records that no reaction took effect, unless the failure has been replaced meanwhile. */
  async markNone(failure: MessageFailure, resendRefusal: ResendRefusal | null): Promise<void> {
    await this.#marks.add({ failure, resendRefusal });
  }

  async #findAll(ids: readonly string[]): Promise<(MessageFailureEntity | null)[]> {
    const found = await this.database.repository(MessageFailureEntity).findBy({ messageId: In([...ids]) });
    const byId = new Map(found.map((failure) => [failure.messageId, failure]));
    return ids.map((id) => byId.get(id) ?? null);
  }

  async #maybeSent(failures: readonly MessageFailure[]): Promise<boolean[]> {
    const ids = await maybeSent(failures, this.database.manager);
    return failures.map(({ messageId }) => ids.has(messageId));
  }

  async #markAll(marks: readonly NoEffect[]): Promise<boolean[]> {
    await this.database.query(MARK_NONE(this.database.table(MessageFailureEntity)), [
      marks.map(({ failure }) => failure.messageId),
      marks.map(({ failure }) => failure.state),
      marks.map(({ failure }) => failure.code),
      marks.map(({ resendRefusal }) => resendRefusal),
    ]);
    return marks.map(() => true);
  }
}

/** One statement at a time answers all questions that came in meanwhile. */
function grouped<Key, Value>(all: (keys: readonly Key[]) => Promise<Value[]>): GroupCommit<Key, Value> {
  const answer = async (keys: Key[]) =>
    (await all(keys)).map((value) => ({ status: 'fulfilled' as const, value }));
  return new GroupCommit(answer, { maxBatchSize: 500, maxInFlight: 2, timeoutMs: 60_000 });
}

// Locked in the order of the projection, so that the two cannot deadlock.
const MARK_NONE = (table: string) => `
  WITH same AS (
    SELECT known.message_id, new.refusal
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS new (message_id, state, code, refusal)
    JOIN ${table} known ON known.message_id = new.message_id
    WHERE known.reacted_at IS NULL AND (known.state, known.code) IS NOT DISTINCT FROM (new.state, new.code)
    ORDER BY known.message_id FOR UPDATE OF known)
  UPDATE ${table} f SET reactions = '{}', reacted_at = now(), resend_refusal = same.refusal
  FROM same WHERE f.message_id = same.message_id`;
