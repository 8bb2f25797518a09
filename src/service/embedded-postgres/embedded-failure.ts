import { ConfigurationError } from '../../errors/configuration-error.js';

/** Something about the embedded PostgreSQL that a person has to mend. */
export function embeddedFailure(problem: string, cause?: unknown): ConfigurationError {
  return Object.assign(new ConfigurationError('Embedded PostgreSQL', [problem]), { cause });
}
