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

/** The rule that answers a message, with its answer. */
export interface RuleAnswer {
  rule: ReplyRuleEntity;
  text: string;
}

/** Which rule would answer a message, and why the other rules would not. */
export interface RuleExplanation {
  /** `null` when no rule would answer. */
  answer: RuleAnswer | null;
  /** All other rules, in the order of evaluation. */
  others: { id: string; name: string; reason: NoAnswerReason }[];
}

const DEFAULTS = { enabled: true, priority: 0, ownNumber: null, pattern: null, activeHours: null };

/**
 * The stored rules that answer customers' messages.
 *
 * Rules are evaluated by descending priority, then `keyword` before `prefix` before `regex`, then by name; `default` rules
 * after all others, whatever their priority. The first match answers. A change takes effect immediately in the process
 * that makes it, and within 2 seconds in the others; rules are read at most once per second, and only while messages
 * arrive.
 */
@Injectable()
export class ReplyRules {
  readonly #cache: RuleCache;

  constructor(private readonly database: PostackDatabase) {
    this.#cache = new RuleCache(database);
  }

  /** All rules, in the order of evaluation. */
  async list(): Promise<ReplyRuleEntity[]> {
    return (await this.database.repository(ReplyRuleEntity).find()).sort(byPrecedence);
  }

  /** The rule with this id; `null` when there is none. */
  find(id: string): Promise<ReplyRuleEntity | null> {
    return this.#row(id, this.database.manager);
  }

  /**
   * @throws {InvalidReplyRuleError} listing every problem.
   * @throws {ReplyRuleNameTakenError}
   */
  async create(rule: NewReplyRule): Promise<ReplyRuleEntity> {
    return this.#change((manager) => this.#store(randomUUID(), { ...DEFAULTS, ...given(rule) }, manager));
  }

  /**
   * Changes the given properties of a rule.
   *
   * @throws {ReplyRuleNotFoundError}
   * @throws {InvalidReplyRuleError} listing every problem of the changed rule, which is then not stored.
   * @throws {ReplyRuleNameTakenError}
   */
  async update(id: string, changes: Partial<NewReplyRule>): Promise<ReplyRuleEntity> {
    return this.#change(async (manager) => {
      const row = await this.#row(id, manager, { mode: 'pessimistic_write' });
      if (!row) throw new ReplyRuleNotFoundError(id);
      return this.#store(id, Object.assign(row, given(changes)), manager);
    });
  }

  /** @throws {ReplyRuleNotFoundError} */
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
   * The answer to a message; `null` when no rule answers. The text may be empty, or too long to send.
   *
   * @param among Evaluates only the `default` rules, or only the others. Default `all`.
   */
  async answer(message: RuleMessage, among: 'all' | 'default' | 'other' = 'all'): Promise<RuleAnswer | null> {
    for (const { rule, judge } of await this.#cache.rules()) {
      if (among !== 'all' && (among === 'default') !== (rule.kind === 'default')) continue;
      const verdict = judge(message);
      if ('text' in verdict) return { rule, text: verdict.text };
    }
    return null;
  }

  /** Evaluates every rule for a message. Nothing is sent. */
  async explain(message: RuleMessage): Promise<RuleExplanation> {
    let answer: RuleAnswer | null = null;
    const others: RuleExplanation['others'] = [];
    for (const { rule, judge } of await this.#cache.rules()) {
      const { id, name } = rule;
      const verdict = judge(message);
      if ('reason' in verdict) others.push({ id, name, reason: verdict.reason });
      else if (answer) others.push({ id, name, reason: 'a higher rule answers' });
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
    this.#cache.invalidate();
    return result;
  }
}

/** The properties that are not `undefined`. */
function given<Values extends object>(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Values;
}

function isNameTaken(error: unknown): boolean {
  if (!(error instanceof QueryFailedError)) return false;
  const { constraint } = error.driverError as { constraint?: string };
  return constraint === 'reply_rule_name_key';
}
