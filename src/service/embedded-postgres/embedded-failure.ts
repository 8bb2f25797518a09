import { ConfigurationError } from '../../errors/configuration-error.js';

/** A problem of the embedded PostgreSQL that needs manual action. */
export function embeddedFailure(problem: string, cause?: unknown): ConfigurationError {
  return Object.assign(new ConfigurationError('Embedded PostgreSQL', [problem]), { cause });
}
