import { Injectable } from '@nestjs/common';
import { type FailureReaction } from '../failures.options.js';
import { FailurePolicy } from './failure-policy.js';
import type { MessageFailure } from '../message-failure.js';
import { FailuresOptions } from '../failures.options.js';

/** What the option `failures.reactions` says: of the code, or else of its class. */
@Injectable()
export class ConfiguredFailurePolicy extends FailurePolicy {
  override readonly priority = 0;

  constructor(private readonly options: FailuresOptions) {
    super();
  }

  decide({ code, causeClass }: MessageFailure): readonly FailureReaction[] {
    const { reactions } = this.options;
    const ofCode = code !== null && Object.hasOwn(reactions, code) ? reactions[code] : undefined;
    return ofCode ?? reactions[causeClass] ?? [];
  }
}
