import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import type { FailureReaction } from '../../src/failures/failures.options.js';
import { FailurePolicy } from '../../src/failures/reactions/failure-policy.js';
import { FailureReactions } from '../../src/failures/reactions/failure-reactions.js';
import { messageBody, startTestApplication, type TestApplication } from '../support/test-application.js';
import { QueryCounter } from '../support/query-counter.js';
import { waitUntil } from '../support/wait-until.js';

const MESSAGES = 40;

/** Decides on nothing, but only when it is asked. */
@Injectable()
class AskedPolicy extends FailurePolicy {
  asked = 0;

  decide(): readonly FailureReaction[] {
    this.asked += 1;
    return [];
  }
}

let app: TestApplication | undefined;
afterEach(() => app?.close());

interface Reacted {
  message_id: string;
  reactions: string[] | null;
  resend_refusal: string | null;
}

async function reactedTo(ids: readonly string[]): Promise<Reacted[]> {
  return waitUntil(
    async () => {
      const rows = await app!.database.query<Reacted>(
        `SELECT message_id, reactions, resend_refusal FROM postack.message_failure
         WHERE reacted_at IS NOT NULL AND message_id = ANY ($1) ORDER BY message_id`,
        [ids],
      );
      return rows.length === ids.length ? rows : undefined;
    },
    { what: () => `reactions to ${ids.length} failures` },
  );
}

async function fail(errorCode: string): Promise<string[]> {
  const ids = Array.from(
    { length: MESSAGES },
    (_, index) => `SM_${errorCode}_${String(index).padStart(3, '0')}`,
  );
  await Promise.all(ids.map((id) => app!.post(messageBody('message.undelivered', { id, errorCode }))));
  return ids;
}

describe('FailureReactions, to many failures', () => {
  it('take no statement when the options decide on nothing', async () => {
    app = await startTestApplication({ options: { failures: { reactions: { carrier: [] } } } });
    const reactions = app.application.get(FailureReactions, { strict: false });
    const counter = new QueryCounter('message_failure');
    const ids = await fail('30003');
    expect(await reactedTo(ids)).toEqual(
      ids.map((id) => ({ message_id: id, reactions: [], resend_refusal: null })),
    );
    app.dataSource.logger = counter;
    expect(reactions.reactsNeverTo('30003')).toBe(true);
    expect(reactions.reactsNeverTo('30005')).toBe(false);
    const { id } = await app.post(messageBody('message.undelivered', { id: ids[0], errorCode: '30003' }));
    await waitUntil(
      async () => {
        const rows = await app!.database.query(
          `SELECT FROM postack.delivery d JOIN postack.inbox_event e ON e.id = d.event_id
           WHERE e.svix_id = $1 AND d.handler = 'failures.react' AND d.status = 'done'`,
          [id],
        );
        return rows.length > 0 || undefined;
      },
      { what: () => 'the listener' },
    );
    expect(counter.count).toBe(0);
  });

  it('share their statements when the decision has no effect', async () => {
    app = await startTestApplication({ options: { dispatchBatchSize: 500 }, providers: [AskedPolicy] });
    const counter = new QueryCounter('"postack"."message_failure"');
    app.dataSource.logger = counter;
    const ids = await fail('30003');
    const rows = await reactedTo(ids);
    expect(rows).toEqual(ids.map((id) => ({ message_id: id, reactions: [], resend_refusal: null })));
    expect(app.application.get(AskedPolicy).asked).toBe(MESSAGES);
    // One to record, one to read and one to mark for each batch of the dispatch, instead of several for each failure.
    expect(counter.count).toBeLessThan(MESSAGES);
  });

  it('share them when nothing is resent because the messages are not ours', async () => {
    app = await startTestApplication({ options: { dispatchBatchSize: 500 } });
    const counter = new QueryCounter('"postack"."outbox_message"');
    app.dataSource.logger = counter;
    const ids = await fail('30003');
    expect(await reactedTo(ids)).toEqual(
      ids.map((id) => ({ message_id: id, reactions: [], resend_refusal: 'not-ours' })),
    );
    expect(counter.count).toBeLessThan(MESSAGES / 2);
  });
});
