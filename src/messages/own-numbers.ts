import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { runSql } from '../database/run-sql.js';
import { normalizePhoneNumber } from '../events/phone-number.js';
import { PostackDatabase } from '../database/postack-database.js';
import { tableName } from '../database/table-name.js';
import { MessageEntity } from './message.entity.js';
import { numberFacts } from './number-facts.js';
import { OwnNumberEntity } from './own-number.entity.js';
import { MessagesOptions } from './messages.options.js';

/** Maximum number of numbers cached by one process: enough unless the payload mapping is wrong. */
const MAX_REMEMBERED = 10_000;

/** After this time the numbers are read again. */
const MAX_REMEMBERED_MS = 600_000;

/** Own numbers: those of the option `replies.ownNumbers`, and those that messages were received on. */
@Injectable()
export class OwnNumbers {
  readonly #configured: ReadonlySet<string>;
  /** Committed. Cleared from time to time: another process may have forgotten some. */
  readonly #remembered = new Set<string>();
  #rememberedSinceMs = performance.now();

  constructor(
    private readonly database: PostackDatabase,
    { ownNumbers }: MessagesOptions,
  ) {
    this.#configured = new Set(ownNumbers);
  }

  /** Whether a number is an own number. */
  async isOwn(number: string, manager: EntityManager = this.database.manager): Promise<boolean> {
    const canonical = normalizePhoneNumber(number);
    if (this.#configured.has(canonical) || this.#remembered.has(canonical)) return true;
    return manager.existsBy(OwnNumberEntity, { number: canonical });
  }

  /** Every own number. */
  async all(manager: EntityManager): Promise<string[]> {
    const learned = await manager.find(OwnNumberEntity);
    return [...new Set([...this.#configured, ...learned.map(({ number }) => number)])];
  }

  /** Forgets the numbers that no message was received on: what told them is read otherwise now. */
  async forgetUnused(manager: EntityManager): Promise<void> {
    const learned = await manager.find(OwnNumberEntity);
    const keyOf = new Map(learned.map(({ number }) => [number, numberFacts(number)?.key]));
    const used: { key: string | null }[] = await runSql(
      manager,
      `SELECT DISTINCT own_number_key AS key FROM ${tableName(manager, MessageEntity)}
       WHERE direction = 'inbound' AND (own_number_key = ANY ($1::text[]) OR own_number_key IS NULL)`,
      [[...keyOf.values()]],
    );
    const keys = new Set<string | null | undefined>(used.map(({ key }) => key));
    // Messages from before the keys existed have not got them yet.
    if (keys.has(null)) return;
    const unused = learned.filter(({ number }) => !keys.has(keyOf.get(number))).map(({ number }) => number);
    if (unused.length > 0) await manager.delete(OwnNumberEntity, unused);
    this.#remembered.clear();
  }

  /**
   * Stores numbers that are not known yet, in the transaction of `manager`. Runs no statement if all are known.
   *
   * @param numbers Canonical.
   */
  async learn(numbers: Iterable<string>, manager: EntityManager): Promise<void> {
    if (performance.now() - this.#rememberedSinceMs > MAX_REMEMBERED_MS) {
      this.#remembered.clear();
      this.#rememberedSinceMs = performance.now();
    }
    const unseen = [...new Set(numbers)].filter((number) => !this.#remembered.has(number)).sort();
    if (unseen.length === 0) return;
    const table = tableName(manager, OwnNumberEntity);
    // `now()` is the start of this transaction: older rows that it sees were committed by another one.
    const committed: { number: string }[] = await runSql(
      manager,
      `WITH committed AS (SELECT number FROM ${table} WHERE number = ANY ($1) AND first_seen_at < now()), added AS (
         INSERT INTO ${table} (number)
         SELECT number FROM unnest($1::text[]) AS number WHERE number NOT IN (SELECT number FROM committed)
         ON CONFLICT DO NOTHING
       )
       SELECT number FROM committed`,
      [unseen],
    );
    for (const { number } of committed) {
      if (this.#remembered.size < MAX_REMEMBERED) this.#remembered.add(number);
    }
  }
}
