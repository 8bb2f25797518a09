import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { MessageReceivedEvent, OnPostackEvent, PostackProjection } from '../../src/index.js';
import { messageBody, startTestApplication, type TestApplication } from '../support/test-application.js';

/** More than the number of undispatched events from which on accepting is paced. */
const EVENTS = 700;

@Injectable()
class Hanging {
  @PostackProjection(MessageReceivedEvent, { name: 'hanging' })
  async onEvents(_events: readonly MessageReceivedEvent[], _manager: EntityManager): Promise<void> {
    await new Promise(() => undefined);
  }
}

@Injectable()
class HoldingConnections {
  @OnPostackEvent(MessageReceivedEvent, { name: 'holding', transactional: true, concurrency: 10 })
  async onReceived(): Promise<void> {
    await new Promise(() => undefined);
  }
}

describe('Inbox, whatever the dispatch does', () => {
  let app: TestApplication | undefined;
  afterEach(async () => {
    await app?.close();
    app = undefined;
  }, 60_000);

  async function acceptAll(): Promise<Set<number>> {
    const statuses = new Set<number>();
    let left = EVENTS;
    const client = async () => {
      while (left-- > 0) statuses.add((await app!.post(messageBody('message.received'))).status);
    };
    await Promise.all(Array.from({ length: 32 }, client));
    return statuses;
  }

  it('accepts while a projection hangs', async () => {
    app = await startTestApplication({ providers: [Hanging], options: { shutdownTimeoutMs: 500 } });
    expect(await acceptAll()).toEqual(new Set([204]));
  }, 60_000);

  it('accepts while each dispatch transaction fails', async () => {
    app = await startTestApplication({ options: { shutdownTimeoutMs: 500 } });
    await app.database.query('ALTER TABLE postack.message RENAME TO message_away');
    await app.database.query('ALTER TABLE postack.delivery RENAME TO delivery_away');
    expect(await acceptAll()).toEqual(new Set([204]));
    await app.database.query('ALTER TABLE postack.message_away RENAME TO message');
    await app.database.query('ALTER TABLE postack.delivery_away RENAME TO delivery');
  }, 60_000);

  it('accepts while listeners hold all connections of the data source', async () => {
    app = await startTestApplication({
      providers: [HoldingConnections],
      options: { shutdownTimeoutMs: 500 },
      poolSize: 4,
    });
    expect(await acceptAll()).toEqual(new Set([204]));
  }, 60_000);
});
