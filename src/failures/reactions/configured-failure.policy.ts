import { Inject, Injectable } from '@nestjs/common';
import { FAILURE_OPTIONS, type FailureReaction, type ResolvedFailureOptions } from '../failure-options.js';
import { FailurePolicy } from './failure-policy.js';
import type { MessageFailure } from '../message-failure.js';

/** What the option `failures.reactions` says: of the code, or else of its class. */
@Injectable()
export class ConfiguredFailurePolicy extends FailurePolicy {
  override readonly priority = 0;

  constructor(@Inject(FAILURE_OPTIONS) private readonly options: ResolvedFailureOptions) {
    super();
  }

  decide({ code, causeClass }: MessageFailure): readonly FailureReaction[] {
    const { reactions } = this.options;
    const ofCode = code !== null && Object.hasOwn(reactions, code) ? reactions[code] : undefined;
    return ofCode ?? reactions[causeClass] ?? [];
  }
}
