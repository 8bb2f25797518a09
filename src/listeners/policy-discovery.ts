import type { DiscoveryService } from '@nestjs/core';
import { ConfigurationError } from '../errors/configuration-error.js';

/** What is asked in the order of its priority. */
export interface Prioritised {
  readonly priority: number;
}

const REQUEST_SCOPED =
  'it is request-scoped (or depends on something that is), and a message is no request; make it a singleton, ' +
  'and resolve what is request-scoped inside its method with ModuleRef.resolve()';

/**
 * Every provider of the application that extends a class of policies, those of the highest priority first.
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
