import { expect } from '@jest/globals';
import type { TestApplication } from '../support/test-application.js';
import { waitUntil } from '../support/wait-until.js';

/** Delivers as Postack does: again and again until it is a 2xx. Returns the statuses on the way. */
export async function postUntilAccepted(
  app: TestApplication,
  id: string,
  body: unknown,
  timeoutMs = 20_000,
): Promise<number[]> {
  const statuses: number[] = [];
  const deliver = async () => {
    const { status } = await app.post(body, { id });
    statuses.push(status);
    return status === 204 || undefined;
  };
  await waitUntil(deliver, { what: () => `a 204 for ${id}, which got ${statuses.join(', ')}`, timeoutMs });
  return statuses;
}

/** How many of the events stand in the inbox, each counted as often as it does. */
export async function storedCount(app: TestApplication, ids: string[]): Promise<number> {
  const [row] = await app.database.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM postack.inbox_event WHERE svix_id = ANY ($1)',
    [ids],
  );
  return row?.count ?? 0;
}

/** The one answer for an event that cannot be stored now. */
export async function expectUnavailable(response: Response): Promise<void> {
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('5');
  expect(response.headers.get('postack-receipt')).toBeNull();
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(await response.json()).toEqual({ type: 'about:blank', title: 'Service Unavailable', status: 503 });
}
