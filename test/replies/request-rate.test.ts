import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitUntil } from '../support/wait-until.js';
import { newNumber, OURS, startReplyApplication, type ReplyApplication } from './reply-application.js';
import { ReplyProcesses } from './reply-processes.js';

const MESSAGES = 50;

describe('three processes that send together', () => {
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

  it('never make more than 10 requests in a second, and serve replies and others in turns', async () => {
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
    expect(app.postack.busiestSecond()).toBeLessThanOrEqual(10);
    expect(new Set(app.postack.requests.map(({ status }) => status))).toEqual(new Set([201]));
    expect(app.postack.requests).toHaveLength(MESSAGES);
    // The ten others are not kept waiting until the forty replies are through.
    const isOther = ({ text }: { text: string }) => Number(text.replace('Message ', '')) % 5 === 0;
    expect(app.postack.messages.slice(0, MESSAGES / 2).filter(isOther).length).toBeGreaterThanOrEqual(7);
  }, 60_000);
});
