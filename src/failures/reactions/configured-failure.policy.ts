import { Injectable } from '@nestjs/common';
import { FailurePolicy } from './failure-policy.js';
import type { MessageFailure } from '../message-failure.js';
import { FailuresOptions, type FailureReaction } from '../failures.options.js';

/** Applies the option `failures.reactions`: the entry of the error code, or else of the cause class. */
@Injectable()
export class ConfiguredFailurePolicy extends FailurePolicy {
  override readonly priority = 0;

  constructor(private readonly options: FailuresOptions) {
    super();
  }

  decide({ code, causeClass }: Pick<MessageFailure, 'code' | 'causeClass'>): readonly FailureReaction[] {
    const { reactions } = this.options;
    const ofCode = code !== null && Object.hasOwn(reactions, code) ? reactions[code] : undefined;
    return ofCode ?? reactions[causeClass] ?? [];
  }
}
