import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { ListenerContext } from '../listeners/listener-context.js';
import type { MessageReceivedEvent } from '../events/message-received.event.js';
import { discoverPolicies } from '../listeners/policy-discovery.js';
import { ReplyPolicy } from './reply-policy.js';

/** What a policy has answered. */
export interface PolicyAnswer {
  text: string;
  /** The policy's class. */
  policy: string;
}

/** Finds every `ReplyPolicy` of the application, and asks them in their order. */
@Injectable()
export class ReplyPolicies implements OnModuleInit {
  #policies: readonly ReplyPolicy[] = [];

  constructor(private readonly discovery: DiscoveryService) {}

  /** @throws {ConfigurationError} naming every policy that cannot work. */
  onModuleInit(): void {
    this.#policies = discoverPolicies(this.discovery, ReplyPolicy, 'Postack reply policies');
  }

  /** The first answer that is not `null`; `null` when no policy answers. Rejects as soon as one of them throws. */
  async answer(event: MessageReceivedEvent, context: ListenerContext): Promise<PolicyAnswer | null> {
    for (const policy of this.#policies) {
      const text = await policy.answer(event, context);
      if (text !== null) return { text, policy: policy.constructor.name };
    }
    return null;
  }
}
