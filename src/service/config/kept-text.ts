import { readFile, writeFile } from 'node:fs/promises';
import { ConfigurationError } from '../../errors/configuration-error.js';

/**
 * Reads a small file of the data directory; if it does not exist, creates it with `fresh`, readable by its owner only.
 *
 * @throws {ConfigurationError} when the file cannot be used.
 */
export async function keptText(file: string, fresh: string): Promise<string> {
  let kept: string;
  try {
    kept = await readOrCreate(file, fresh);
  } catch (cause) {
    throw Object.assign(unusable(`${file} cannot be read or created: ${(cause as Error).message}`), {
      cause,
    });
  }
  if (kept !== '') return kept;
  throw unusable(`${file} is empty. Restore its content, or delete it to have a new one generated`);
}

async function readOrCreate(file: string, fresh: string): Promise<string> {
  try {
    await writeFile(file, `${fresh}\n`, { mode: 0o600, flag: 'wx' });
    return fresh;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return (await readFile(file, 'utf8')).trim();
  }
}

function unusable(problem: string): ConfigurationError {
  return new ConfigurationError('Data directory', [problem]);
}
