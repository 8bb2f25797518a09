import { randomUUID } from 'node:crypto';
import { FailureQueries, type FailureDetail } from '../../src/failures/failure-queries.js';
import type { OutboxReceipt } from '../../src/index.js';
import { waitForListener } from '../../src/testing/index.js';
import { OURS, startReplyApplication, type ReplyApplication } from '../support/reply-application.js';
import { waitUntil } from '../support/wait-until.js';

/** A host application that resends failed messages without a delay, unless it is set. */
export interface FailingApplication extends ReplyApplication {
  failures: FailureQueries;
  send: (to: string, text?: string) => Promise<OutboxReceipt>;
  /** Waits until the failure of a message has been reacted to. */
  failureOf: (messageId: string) => Promise<FailureDetail>;
  /** Posts an event of a message, known or unknown. @returns the id of the event. */
  report: (type: string, data: Record<string, unknown>, at?: Date) => Promise<string>;
}

export async function startFailingApplication(
  setup: Pick<NonNullable<Parameters<typeof startReplyApplication>[0]>, 'providers'> & {
    resendDelaysMs?: number[];
  } = {},
): Promise<FailingApplication> {
  const app = await startReplyApplication({
    postack: { timeScale: 100 },
    providers: setup.providers,
    options: {
      replies: { rules: false },
      failures: { resendDelaysMs: setup.resendDelaysMs ?? [0, 0] },
    },
  });
  const failures = app.application.get(FailureQueries);
  return {
    ...app,
    failures,
    send: (to, text = `Hello ${randomUUID()}`) =>
      app.outbox.enqueue({ from: OURS, to, text, category: 'notification', idempotencyKey: randomUUID() }),
    failureOf: (messageId) =>
      waitUntil(
        async () => {
          const failure = await failures.find(messageId);
          return failure?.reactedAt ? failure : undefined;
        },
        { what: () => `a reaction to the failure of ${messageId}` },
      ),
    report: async (type, data, at = new Date()) => {
      const { id } = await app.post({ type, timestamp: at.toISOString(), data });
      if (type !== 'message.delivered') await waitForListener(app.application, id, 'failures.react', 'done');
      return id;
    },
  };
}
