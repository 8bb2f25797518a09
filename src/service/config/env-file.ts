import { existsSync } from 'node:fs';
import { ConfigurationError } from '../../errors/configuration-error.js';

/**
 * Takes settings from the file `.env` in the working directory, if there is one; the environment wins.
 *
 * @throws {ConfigurationError} when it cannot be read.
 */
export function loadEnvFile(): void {
  if (!existsSync('.env')) return;
  try {
    process.loadEnvFile('.env');
  } catch (cause) {
    const problem = `it cannot be read: ${(cause as Error).message}`;
    throw Object.assign(new ConfigurationError('.env', [problem]), { cause });
  }
}
