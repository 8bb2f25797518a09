import { randomUUID } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mostWithin } from '../support/most-within.js';
import { waitUntil } from '../support/wait-until.js';
import {
  newNumber,
  OURS,
  startReplyApplication,
  type ReplyApplication,
} from '../support/reply-application.js';
import { ReplyProcesses } from '../support/reply-processes.js';

const MESSAGES = 50;

describe('OutboxSender, in three processes', () => {
  const processes = new ReplyProcesses();
  let app: ReplyApplication;

  beforeAll(async () => {
    app = await startReplyApplication({ options: { replies: { rules: false } } });
    await Promise.all([
      processes.start(app.database, app.postack),
      processes.start(app.database, app.postack),
    ]);
  }, 60_000);
  afterAll(async () => {
    await processes.clear();
    await app.close();
  });

  it('never makes more than 10 requests in a second, and serves replies and other messages in turn', async () => {
    const stalls = monitorEventLoopDelay({ resolution: 1 });
    stalls.enable();
    await app.dataSource.transaction(async (manager) => {
      for (let number = 0; number < MESSAGES; number += 1) {
        await app.outbox.enqueue(
          {
            from: OURS,
            to: newNumber(),
            text: `Message ${number}`,
            category: number % 5 === 0 ? 'notification' : 'reply',
            idempotencyKey: randomUUID(),
          },
          { manager },
        );
      }
    });
    await waitUntil(() => app.postack.messages.length === MESSAGES || undefined, {
      what: () => `${MESSAGES} messages at Postack; there are ${app.postack.messages.length}`,
      timeoutMs: 30_000,
    });
    // Requests that arrived while the event loop of this process was blocked were seen that much later.
    const lateMs = stalls.max / 1e6;
    expect(
      mostWithin(
        1000 - lateMs,
        app.postack.requests.map(({ at }) => at),
      ),
    ).toBeLessThanOrEqual(10);
    expect(new Set(app.postack.requests.map(({ status }) => status))).toEqual(new Set([201]));
    expect(app.postack.requests).toHaveLength(MESSAGES);
    // The ten others do not have to wait for all forty replies.
    const isOther = ({ text }: { text: string }) => Number(text.replace('Message ', '')) % 5 === 0;
    expect(app.postack.messages.findLastIndex(isOther)).toBeLessThan(MESSAGES - 5);
  }, 60_000);
});
