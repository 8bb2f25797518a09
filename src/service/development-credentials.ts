import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Credentials for trying the service out; kept in the data directory, so that they stay the same. */
export interface DevelopmentCredentials {
  webhookSecret: string;
  adminKey: string;
}

/** Reads the development secret and admin key, making them on the first run. */
export async function developmentCredentials(dataDir: string): Promise<DevelopmentCredentials> {
  return {
    webhookSecret: await kept(
      join(dataDir, WEBHOOK_SECRET_FILE),
      `whsec_${randomBytes(32).toString('base64')}`,
    ),
    adminKey: await kept(join(dataDir, ADMIN_KEY_FILE), randomBytes(24).toString('base64url')),
  };
}

export const WEBHOOK_SECRET_FILE = 'webhook-secret';
export const ADMIN_KEY_FILE = 'admin-key';

/** The file's content; when there is no such file, it is made with `fresh` and readable by its owner only. */
async function kept(file: string, fresh: string): Promise<string> {
  try {
    await writeFile(file, `${fresh}\n`, { mode: 0o600, flag: 'wx' });
    return fresh;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return (await readFile(file, 'utf8')).trim();
  }
}
