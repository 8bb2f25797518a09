import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { discoverPolicies } from '../../listeners/policy-discovery.js';
import type { FailureReaction } from '../failures.options.js';
import { ConfiguredFailurePolicy } from './configured-failure.policy.js';
import { FailurePolicy } from './failure-policy.js';
import type { MessageFailure } from '../message-failure.js';

/** Finds every `FailurePolicy` of the application, and consults them by priority. */
@Injectable()
export class FailurePolicies implements OnModuleInit {
  #policies: readonly FailurePolicy[] = [];

  constructor(private readonly discovery: DiscoveryService) {}

  /** @throws {ConfigurationError} listing every invalid policy. */
  onModuleInit(): void {
    this.#policies = discoverPolicies(this.discovery, FailurePolicy, 'Postack failure policies');
  }

  /** Whether the option `failures.reactions` alone decides, and decides on nothing. */
  decideNothing(failure: Pick<MessageFailure, 'code' | 'causeClass'>): boolean {
    const [policy, ...others] = this.#policies;
    return (
      others.length === 0 && policy instanceof ConfiguredFailurePolicy && policy.decide(failure).length === 0
    );
  }

  /** The first decision that is not `null`. Rejects if a policy throws. */
  async decide(failure: MessageFailure): Promise<readonly FailureReaction[]> {
    for (const policy of this.#policies) {
      const reactions = await policy.decide(failure);
      if (reactions !== null) return reactions;
    }
    return [];
  }
}
