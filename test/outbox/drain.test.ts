import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { mostWithin } from '../support/most-within.js';
import {
  newNumber,
  OURS,
  startReplyApplication,
  type ReplyApplication,
} from '../support/reply-application.js';
import { ReplyProcesses } from '../support/reply-processes.js';
import { waitUntil } from '../support/wait-until.js';

const MESSAGES = 200;
const PER_SECOND = 40;

describe('OutboxSender', () => {
  const processes = new ReplyProcesses();
  let app: ReplyApplication | undefined;
  afterEach(async () => {
    await processes.clear();
    await app?.close();
  });

  it.each([1, 3])(
    'sends a backlog at the rate that is allowed, with %i processes',
    async (count) => {
      const { dataSource, outbox, postack, database } = (app = await startReplyApplication({
        postack: { requestsPerSecond: 1000 },
        api: { requestsPerSecond: PER_SECOND },
        options: { replies: { rules: false } },
      }));
      for (let other = 1; other < count; other++) {
        await processes.start(database, postack, { requestsPerSecond: PER_SECOND });
      }
      await dataSource.transaction(async (manager) => {
        for (let number = 0; number < MESSAGES; number += 1) {
          const message = {
            from: OURS,
            to: newNumber(),
            text: `Message ${number}`,
            category: 'reply' as const,
          };
          await outbox.enqueue({ ...message, idempotencyKey: randomUUID() }, { manager });
        }
      });
      await waitUntil(() => postack.messages.length === MESSAGES || undefined, {
        what: () => `${MESSAGES} messages at Postack; there are ${postack.messages.length}`,
        timeoutMs: 60_000,
      });
      const times = postack.requests.map(({ at }) => at);
      const tookMs = Math.max(...times) - Math.min(...times);
      process.stdout.write(`${MESSAGES} messages by ${count}: ${Math.round(tookMs)} ms\n`);
      // Never faster than allowed. With polling it took minutes, which the time-out above does not allow.
      // On a busy machine, requests arrive closer together than they were sent.
      expect(mostWithin(1000, times)).toBeLessThanOrEqual(PER_SECOND * 1.5);
    },
    90_000,
  );
});
