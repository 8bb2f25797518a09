import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { ListenerContext } from '../listeners/listener-context.js';
import type { MessageReceivedEvent } from '../events/message-received.event.js';
import { discoverPolicies } from '../listeners/policy-discovery.js';
import { ReplyPolicy } from './reply-policy.js';

/** The answer of a policy. */
export interface PolicyAnswer {
  text: string;
  /** Class name of the policy. */
  policy: string;
}

/** Finds every `ReplyPolicy` of the application, and calls them by priority. */
@Injectable()
export class ReplyPolicies implements OnModuleInit {
  #policies: readonly ReplyPolicy[] = [];

  constructor(private readonly discovery: DiscoveryService) {}

  /** @throws {ConfigurationError} listing every invalid policy. */
  onModuleInit(): void {
    this.#policies = discoverPolicies(this.discovery, ReplyPolicy, 'Postack reply policies');
  }

  /** The first answer that is not `null`; `null` when no policy answers. Rejects as soon as a policy throws. */
  async answer(event: MessageReceivedEvent, context: ListenerContext): Promise<PolicyAnswer | null> {
    for (const policy of this.#policies) {
      const text = await policy.answer(event, context);
      if (text !== null) return { text, policy: policy.constructor.name };
    }
    return null;
  }
}
