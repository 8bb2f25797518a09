import { existsSync } from 'node:fs';
import { ConfigurationError } from '../../errors/configuration-error.js';

/**
 * Loads `.env` from the working directory, if it exists; variables that are already set take precedence.
 *
 * @throws {ConfigurationError} when it cannot be read.
 */
export function loadEnvFile(): void {
  if (!existsSync('.env')) return;
  try {
    process.loadEnvFile('.env');
  } catch (cause) {
    const problem = `cannot read the file: ${(cause as Error).message}`;
    throw Object.assign(new ConfigurationError('.env', [problem]), { cause });
  }
}
