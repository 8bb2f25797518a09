import { Logger } from '@nestjs/common';
import type { PostackDatabase } from '../../database/postack-database.js';
import { loggableError } from '../../errors/loggable-error.js';
import { byPrecedence, compileRule, type CompiledRule } from './compiled-rule.js';
import { ReplyRuleEntity } from './reply-rule.entity.js';

/** Maximum delay until a change by another process takes effect. */
const MAX_AGE_MS = 1000;

/**
 * The compiled rules: read on demand, at most once per second, and compiled only when they have changed. A failed read is
 * not repeated within its second either.
 */
export class RuleCache {
  readonly #logger = new Logger('PostackReplies');
  #latest: { readAt: number; rules: Promise<CompiledRule[]> } | undefined;
  /** By the JSON of the row. */
  #compiled = new Map<string, CompiledRule>();

  constructor(private readonly database: PostackDatabase) {}

  /** In the order of evaluation. */
  rules(): Promise<readonly CompiledRule[]> {
    const now = performance.now();
    if (!this.#latest || now - this.#latest.readAt >= MAX_AGE_MS) {
      this.#latest = { readAt: now, rules: this.#read() };
    }
    return this.#latest.rules;
  }

  /** Drops the rules after a change, including a read that is under way. */
  invalidate(): void {
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
      this.#logger.error(
        `Reply rule ${row.id} is invalid and ignored: ${loggableError(problems.join('; '))}. Update or delete it`,
      );
    }
    return compiled;
  }
}
