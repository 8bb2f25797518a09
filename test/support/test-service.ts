import { ServiceConfig } from '../../src/service/config/service.config.js';
import { startService, type RunningService } from '../../src/service/start-service.js';
import { signWebhook, type SignWebhookOptions } from '../../src/testing/index.js';
import { TEST_SECRET } from './test-application.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

export const TEST_ADMIN_KEY = 'admin-key-of-the-tests';

/** The service in this process, on a database of its own. */
export interface TestService {
  running: RunningService;
  database: TestDatabase;
  /** Signs a webhook, posts it, and returns its id. */
  post: (body: unknown, signing?: Partial<SignWebhookOptions>) => Promise<string>;
  /** A request to the admin API; with the admin key, unless another is given or `null` for none. */
  get: <Body = unknown>(path: string, key?: string | null) => Promise<TestAnswer<Body>>;
  /** A request to the admin API that changes something, with a JSON body or none. */
  send: <Body = unknown>(path: string, body?: unknown) => Promise<TestAnswer<Body>>;
  delete: <Body = unknown>(path: string) => Promise<TestAnswer<Body>>;
  close: () => Promise<void>;
}

export interface TestAnswer<Body> {
  status: number;
  contentType: string;
  headers: Headers;
  body: Body;
}

/** @param given A database to use instead of a new one; it stays. */
export async function startTestService(
  environment: Record<string, string> = {},
  given?: TestDatabase,
): Promise<TestService> {
  const database = given ?? (await createTestDatabase());
  const config = new ServiceConfig({
    PORT: '0',
    HOST: '127.0.0.1',
    DATABASE_URL: database.url,
    POSTACK_WEBHOOK_SECRET: TEST_SECRET,
    POSTACK_ADMIN_KEY: TEST_ADMIN_KEY,
    POSTACK_LOG_LEVEL: 'error',
    ...environment,
  });
  const running = await startService(config).catch(async (error: unknown) => {
    if (!given) await database.drop();
    throw error;
  });
  return {
    running,
    database,
    post: async (body, signing) => {
      const { id, headers, body: bytes } = signWebhook({ secret: TEST_SECRET, body, ...signing });
      const { status } = await fetch(running.webhookUrl, { method: 'POST', headers, body: bytes });
      if (status !== 204) throw new Error(`The webhook was answered with ${status}`);
      return id;
    },
    get: (path, key = TEST_ADMIN_KEY) => answerOf(`${running.origin}${path}`, key),
    send: (path, body) =>
      answerOf(`${running.origin}${path}`, TEST_ADMIN_KEY, {
        method: 'POST',
        ...(body !== undefined && {
          headers: { 'content-type': 'application/json' },
          body: typeof body === 'string' ? body : JSON.stringify(body),
        }),
      }),
    delete: (path) => answerOf(`${running.origin}${path}`, TEST_ADMIN_KEY, { method: 'DELETE' }),
    close: async () => {
      await running.stop();
      if (!given) await database.drop();
    },
  };
}

async function answerOf<Body>(
  url: string,
  key: string | null,
  request: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<TestAnswer<Body>> {
  const headers = { ...request.headers, ...(key !== null && { authorization: `Bearer ${key}` }) };
  const answer = await fetch(url, { ...request, headers });
  const { status } = answer;
  const contentType = answer.headers.get('content-type') ?? '';
  return { status, headers: answer.headers, contentType, body: (await answer.json()) as Body };
}
