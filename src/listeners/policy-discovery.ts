import type { DiscoveryService } from '@nestjs/core';
import { ConfigurationError } from '../errors/configuration-error.js';

/** Has a place in the order in which policies are asked. */
export interface Prioritised {
  readonly priority: number;
}

const REQUEST_SCOPED =
  'request-scoped providers are not supported: there is no HTTP request here. Make it (and what it depends on) a ' +
  'singleton, and resolve request-scoped providers inside its method with ModuleRef.resolve()';

/**
 * Every provider of the application that extends a policy class, in descending order of priority.
 *
 * @param subject What they are called in the error: `Postack reply policies`.
 * @throws {ConfigurationError} naming every policy that cannot work.
 */
export function discoverPolicies<Policy extends Prioritised>(
  discovery: DiscoveryService,
  policyClass: abstract new () => Policy,
  subject: string,
): readonly Policy[] {
  const policies = new Set<Policy>();
  const problems: string[] = [];
  for (const wrapper of discovery.getProviders()) {
    const { metatype, instance } = wrapper as { metatype: unknown; instance: unknown };
    if (!wrapper.isDependencyTreeStatic()) {
      if (typeof metatype === 'function' && metatype.prototype instanceof policyClass) {
        problems.push(`${metatype.name}: ${REQUEST_SCOPED}`);
      }
    } else if (instance instanceof policyClass) {
      if (!Number.isFinite(instance.priority)) {
        problems.push(`${instance.constructor.name}: its priority must be a number`);
      }
      policies.add(instance);
    }
  }
  if (problems.length > 0) throw new ConfigurationError(subject, problems);
  return [...policies].sort((a, b) => b.priority - a.priority);
}
