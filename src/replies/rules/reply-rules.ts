import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { isUUID } from 'class-validator';
import { QueryFailedError, type EntityManager } from 'typeorm';
import { normalizePhoneNumber } from '../../events/phone-number.js';
import { PostackDatabase } from '../../database/postack-database.js';
import {
  byPrecedence,
  problemsWithRule,
  type NoAnswerReason,
  type ReplyRuleSettings,
} from './compiled-rule.js';
import type { NewReplyRule, RuleMessage } from './reply-rule.js';
import {
  InvalidReplyRuleError,
  ReplyRuleNameTakenError,
  ReplyRuleNotFoundError,
} from './reply-rule-errors.js';
import { ReplyRuleEntity } from './reply-rule.entity.js';
import { RuleCache } from './rule-cache.js';

/** The rule that answers a message, and its answer. */
export interface RuleAnswer {
  rule: ReplyRuleEntity;
  text: string;
}

/** Which rule would answer a message, and why the others would not. */
export interface RuleExplanation {
  /** `null` when none would. */
  answer: RuleAnswer | null;
  /** All other rules, in the order in which they are asked. */
  others: { id: string; name: string; reason: NoAnswerReason }[];
}

const DEFAULTS = { enabled: true, priority: 0, ownNumber: null, pattern: null, activeHours: null };

/**
 * The stored rules by which customers' messages are answered.
 *
 * Rules are asked by priority, the higher ones first, then `keyword` before `prefix` before `regex`, then by name;
 * `default` rules after all others, whatever their priority. The first one that matches answers. A change counts at
 * once in the process that makes it, and within a second or two in every other; rules are read at most once a second,
 * and only while messages come in.
 */
@Injectable()
export class ReplyRules {
  readonly #cache: RuleCache;

  constructor(private readonly database: PostackDatabase) {
    this.#cache = new RuleCache(database);
  }

  /** All of them, in the order in which they are asked. */
  async list(): Promise<ReplyRuleEntity[]> {
    return (await this.database.repository(ReplyRuleEntity).find()).sort(byPrecedence);
  }

  /** `null` when there is none with this id. */
  find(id: string): Promise<ReplyRuleEntity | null> {
    return this.#row(id, this.database.manager);
  }

  /**
   * @throws {InvalidReplyRuleError} naming everything that is wrong with it.
   * @throws {ReplyRuleNameTakenError}
   */
  async create(rule: NewReplyRule): Promise<ReplyRuleEntity> {
    return this.#change((manager) => this.#store(randomUUID(), { ...DEFAULTS, ...given(rule) }, manager));
  }

  /**
   * Changes what is given, and leaves the rest.
   *
   * @throws {ReplyRuleNotFoundError}
   * @throws {InvalidReplyRuleError} naming everything that would be wrong with it.
   * @throws {ReplyRuleNameTakenError}
   */
  async update(id: string, changes: Partial<NewReplyRule>): Promise<ReplyRuleEntity> {
    return this.#change(async (manager) => {
      const row = await this.#row(id, manager, { mode: 'pessimistic_write' });
      if (!row) throw new ReplyRuleNotFoundError(id);
      return this.#store(id, Object.assign(row, given(changes)), manager);
    });
  }

  /** Switches it on or off. @throws {ReplyRuleNotFoundError} */
  setEnabled(id: string, enabled: boolean): Promise<ReplyRuleEntity> {
    return this.update(id, { enabled });
  }

  /** @throws {ReplyRuleNotFoundError} */
  async remove(id: string): Promise<void> {
    await this.#change(async (manager) => {
      const row = await this.#row(id, manager);
      if (!row) throw new ReplyRuleNotFoundError(id);
      await manager.remove(row);
    });
  }

  /**
   * What a message is answered with; `null` when no rule answers. It may be empty, or too long to be sent.
   *
   * @param among Only the `default` rules, or only the others. Default `all`.
   */
  async answer(message: RuleMessage, among: 'all' | 'default' | 'other' = 'all'): Promise<RuleAnswer | null> {
    for (const { rule, judge } of await this.#cache.rules()) {
      if (among !== 'all' && (among === 'default') !== (rule.kind === 'default')) continue;
      const verdict = judge(message);
      if ('text' in verdict) return { rule, text: verdict.text };
    }
    return null;
  }

  /** What every rule would say to a message. Nothing is sent. */
  async explain(message: RuleMessage): Promise<RuleExplanation> {
    let answer: RuleAnswer | null = null;
    const others: RuleExplanation['others'] = [];
    for (const { rule, judge } of await this.#cache.rules()) {
      const { id, name } = rule;
      const verdict = judge(message);
      if ('reason' in verdict) others.push({ id, name, reason: verdict.reason });
      else if (answer) others.push({ id, name, reason: 'a higher one answers' });
      else answer = { rule, text: verdict.text };
    }
    return { answer, others };
  }

  #row(
    id: string,
    manager: EntityManager,
    lock?: { mode: 'pessimistic_write' },
  ): Promise<ReplyRuleEntity | null> {
    if (!isUUID(id)) return Promise.resolve(null);
    return manager.findOne(ReplyRuleEntity, { where: { id }, lock });
  }

  async #store(id: string, settings: ReplyRuleSettings, manager: EntityManager): Promise<ReplyRuleEntity> {
    const problems = problemsWithRule(settings);
    if (problems.length > 0) throw new InvalidReplyRuleError(problems);
    const { name, enabled, priority, kind, pattern, activeHours, template } = settings;
    const ownNumber = settings.ownNumber === null ? null : normalizePhoneNumber(settings.ownNumber);
    const row = { id, name, enabled, priority, ownNumber, kind, pattern, activeHours, template };
    try {
      await manager.upsert(ReplyRuleEntity, { ...row, updatedAt: () => 'now()' }, ['id']);
    } catch (error) {
      if (isNameTaken(error)) throw new ReplyRuleNameTakenError(name);
      throw error;
    }
    return manager.findOneByOrFail(ReplyRuleEntity, { id });
  }

  async #change<Result>(change: (manager: EntityManager) => Promise<Result>): Promise<Result> {
    const result = await this.database.transaction(change);
    this.#cache.forget();
    return result;
  }
}

/** Without what is `undefined`: that leaves things as they are. */
function given<Values extends object>(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Values;
}

function isNameTaken(error: unknown): boolean {
  if (!(error instanceof QueryFailedError)) return false;
  const { constraint } = error.driverError as { constraint?: string };
  return constraint === 'reply_rule_name_key';
}
