import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { keptText } from './kept-text.js';

/** Generated credentials for development; stored in the data directory, so that they survive restarts. */
export interface DevelopmentCredentials {
  webhookSecret: string;
  adminKey: string;
}

/** Reads the development credentials, generating them on the first run. */
export async function developmentCredentials(dataDir: string): Promise<DevelopmentCredentials> {
  return {
    webhookSecret: await keptText(
      join(dataDir, WEBHOOK_SECRET_FILE),
      `whsec_${randomBytes(32).toString('base64')}`,
    ),
    adminKey: await keptText(join(dataDir, ADMIN_KEY_FILE), randomBytes(24).toString('base64url')),
  };
}

export const WEBHOOK_SECRET_FILE = 'webhook-secret';
export const ADMIN_KEY_FILE = 'admin-key';
