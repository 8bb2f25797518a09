import { Injectable } from '@nestjs/common';
import { loggableError } from '../errors/loggable-error.js';
import { Inbox } from '../inbox/inbox.js';
import { DispatchHealth } from './dispatch-health.js';

/** A database that takes longer to commit is not healthy. */
const CHECK_TIMEOUT_MS = 2000;

const COMMIT_PROBLEM = 'Database does not commit';

/** What is wrong; `reason` has more, for the log only. */
export interface HealthProblem {
  problem: string;
  reason: string;
}

/** A result as `@nestjs/terminus` takes it. */
export type PostackHealth<Key extends string = string> = Record<
  Key,
  { status: 'up' } | { status: 'down'; problem: string }
>;

/**
 * Whether this process can do its part: store webhooks and, unless it only accepts, dispatch events, take deliveries and
 * record their outcomes. An indicator for `@nestjs/terminus`, which is not required.
 *
 * @example
 * ```ts
 * health.check([() => postack.isHealthy('postack')]);
 * ```
 */
@Injectable()
export class PostackHealthIndicator {
  constructor(
    private readonly inbox: Inbox,
    private readonly dispatch: DispatchHealth,
  ) {}

  /** @param key Name of the indicator in the result. Default `postack`. Never rejects. */
  async isHealthy<const Key extends string = 'postack'>(key = 'postack' as Key): Promise<PostackHealth<Key>> {
    const found = await this.problem();
    const result = found ? { status: 'down', problem: found.problem } : { status: 'up' };
    return { [key]: result } as PostackHealth<Key>;
  }

  /** What this process cannot do at the moment; `undefined` when it can do its part. */
  async problem(): Promise<HealthProblem | undefined> {
    try {
      await this.inbox.probe(CHECK_TIMEOUT_MS);
    } catch (error) {
      return { problem: COMMIT_PROBLEM, reason: `${COMMIT_PROBLEM}: ${loggableError(error)}` };
    }
    const problem = this.dispatch.problems().join('; ');
    return problem === '' ? undefined : { problem, reason: problem };
  }
}
