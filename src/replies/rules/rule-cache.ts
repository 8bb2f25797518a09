import { Logger } from '@nestjs/common';
import type { PostackDatabase } from '../../database/postack-database.js';
import { loggableError } from '../../errors/loggable-error.js';
import { byPrecedence, compileRule, type CompiledRule } from './compiled-rule.js';
import { ReplyRuleEntity } from './reply-rule.entity.js';

/** So long after a change in another process, the rules of this one are the old ones at most. */
const MAX_AGE_MS = 1000;

/**
 * The stored rules, ready for use: read when they are asked for, at most once in a second, and compiled only when they
 * have changed. A read that fails is not tried again before its second is over either.
 */
export class RuleCache {
  readonly #logger = new Logger('PostackReplies');
  #latest: { readAt: number; rules: Promise<CompiledRule[]> } | undefined;
  /** By all that stands in their row. */
  #compiled = new Map<string, CompiledRule>();

  constructor(private readonly database: PostackDatabase) {}

  /** In the order in which they are asked. */
  rules(): Promise<readonly CompiledRule[]> {
    const now = performance.now();
    if (!this.#latest || now - this.#latest.readAt >= MAX_AGE_MS) {
      this.#latest = { readAt: now, rules: this.#read() };
    }
    return this.#latest.rules;
  }

  /** After a change: what has been read, or is being read, may be older. */
  forget(): void {
    this.#latest = undefined;
  }

  async #read(): Promise<CompiledRule[]> {
    const rows = await this.database.repository(ReplyRuleEntity).find();
    const before = this.#compiled;
    this.#compiled = new Map(
      rows.sort(byPrecedence).map((row) => {
        const key = JSON.stringify(row);
        return [key, before.get(key) ?? this.#compile(row)];
      }),
    );
    return [...this.#compiled.values()];
  }

  #compile(row: ReplyRuleEntity): CompiledRule {
    const { compiled, problems } = compileRule(row);
    if (problems.length > 0) {
      this.#logger.error(`The reply rule ${row.id} is left out: ${loggableError(problems.join('; '))}`);
    }
    return compiled;
  }
}
