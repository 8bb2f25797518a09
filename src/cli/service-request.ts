import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ADMIN_KEY_FILE } from '../service/config/development-credentials.js';
import { readSetting } from '../service/config/environment.js';

/** The part of the usage text about `serviceOptions`. */
export const SERVICE_USAGE = `  --url URL        URL of the service (default http://localhost:3000, or with the port in PORT)
  --data-dir DIR   data directory of the service, for its development admin key (default .postack);
                   POSTACK_ADMIN_KEY, also from .env, takes precedence`;

/** The options of a command that talks to a running service. Read after `loadEnvFile`. */
export function serviceOptions() {
  return {
    url: { type: 'string', default: `http://localhost:${readSetting(process.env, 'PORT') ?? '3000'}` },
    'data-dir': { type: 'string', default: readSetting(process.env, 'POSTACK_DATA_DIR') ?? '.postack' },
  } as const;
}

/** Requests a path below `/api/v1/`: with a body, a POST. @throws unless the service accepts the request. */
export type ServiceRequest = (path: string, body?: object) => Promise<Response>;

/** @throws when the URL is none, or there is no admin key. */
export async function requestsTo(values: { url: string; 'data-dir': string }): Promise<ServiceRequest> {
  const url = urlOf(values.url);
  const adminKey = await adminKeyIn(values['data-dir']);
  return async (path, body) => {
    const response = await fetch(new URL(`/api/v1/${path}`, url), {
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
    }).catch((cause: unknown) => {
      throw new Error(`No response from ${url.origin}. Is the service running? Start it with: npm start`, {
        cause,
      });
    });
    if (response.ok) return response;
    throw new Error(`The service responded with ${response.status}: ${await response.text()}`);
  };
}

/** @throws unless it is an `http://` or `https://` URL. */
function urlOf(text: string): URL {
  const url = URL.parse(text);
  if (url && ['http:', 'https:'].includes(url.protocol)) return url;
  throw new Error(`--url must be the URL of the service, such as http://localhost:3000, not "${text}"`);
}

async function adminKeyIn(dataDir: string): Promise<string> {
  const key = readSetting(process.env, 'POSTACK_ADMIN_KEY');
  if (key) return key;
  const file = join(dataDir, ADMIN_KEY_FILE);
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw new Error(
      `POSTACK_ADMIN_KEY is not set, and ${file} cannot be read. Start the service first: npm start`,
      { cause },
    );
  }
}
