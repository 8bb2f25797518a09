import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { ConfigurationError } from '../configuration-error.js';
import type { ListenerContext } from '../events/listener-context.js';
import type { MessageReceivedEvent } from '../events/message-received.event.js';
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
    const policies = new Set<ReplyPolicy>();
    const problems: string[] = [];
    for (const wrapper of this.discovery.getProviders()) {
      const { metatype, instance } = wrapper as { metatype: unknown; instance: unknown };
      if (!wrapper.isDependencyTreeStatic()) {
        if (isPolicyClass(metatype)) problems.push(`${metatype.name}: ${REQUEST_SCOPED}`);
      } else if (instance instanceof ReplyPolicy) {
        if (!Number.isFinite(instance.priority)) {
          problems.push(`${instance.constructor.name}: its priority must be a number`);
        }
        policies.add(instance);
      }
    }
    if (problems.length > 0) throw new ConfigurationError('Postack reply policies', problems);
    this.#policies = [...policies].sort((a, b) => b.priority - a.priority);
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

const REQUEST_SCOPED =
  'it is request-scoped (or depends on something that is), and a message is no request; make it a singleton, ' +
  'and resolve what is request-scoped inside answer() with ModuleRef.resolve()';

function isPolicyClass(metatype: unknown): metatype is typeof ReplyPolicy {
  return typeof metatype === 'function' && metatype.prototype instanceof ReplyPolicy;
}
