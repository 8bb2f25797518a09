import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  EventQueries,
  MessageQueries,
  type MessageReceivedEvent,
  type MessageSentEvent,
  OnPostackEvent,
  Replays,
} from '../../src/index.js';
import { OptOutLedger } from '../../src/replies/index.js';
import { waitUntil } from '../support/wait-until.js';
import { waitForEvent, waitForListener } from '../../src/testing/index.js';
import { startTestApplication, type TestApplication } from '../support/test-application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import {
  BODIES,
  Crm,
  FIRST,
  MAPPING,
  optedOut,
  OWN,
  reinterpret,
  Restarts,
  SECOND,
  THIRD,
} from './reinterpreting.js';

@Injectable()
class Answering {
  @OnPostackEvent('message.received', { name: 'answering' })
  async onReceived(event: MessageReceivedEvent): Promise<void> {
    await event.reply('Thank you');
  }
}

@Injectable()
class Failing {
  @OnPostackEvent('message.sent', { name: 'failing' })
  onSent(_event: MessageSentEvent): never {
    throw new Error('not now');
  }
}

async function outbox(database: TestDatabase) {
  return database.query<{ status: string; held_reason: string | null; decision_reason: string | null }>(
    'SELECT status, held_reason, decision_reason FROM postack.outbox_message ORDER BY created_at',
  );
}

describe('Replays.reinterpret, after the mapping was set right', () => {
  let database: TestDatabase;
  let app: TestApplication;
  const ids: Record<keyof typeof BODIES, string> = { first: '', second: '', third: '' };

  beforeAll(async () => {
    database = await createTestDatabase();
    const before = await startTestApplication({ database, providers: [Crm] });
    for (const name of ['first', 'second', 'third'] as const)
      ids[name] = (await before.post(BODIES[name])).id;
    await waitForEvent(before.application, ids.first);
    await waitForListener(before.application, ids.second, 'crm', 'done');
    await before.close();
    // They came in two days ago.
    await database.query(`UPDATE postack.inbox_event SET occurred_at = occurred_at - interval '2 days',
      received_at = received_at - interval '2 days'`);
    app = await startTestApplication({ database, providers: [Crm], options: MAPPING });
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  it('counts what is read otherwise in a dry run, and changes nothing', async () => {
    const replays = app.application.get(Replays);
    expect(await replays.reinterpret({ dryRun: true })).toEqual({ matched: 3, changed: 3, replayId: null });
    expect(await replays.reinterpret({ dryRun: true, status: 'quarantined' })).toMatchObject({ changed: 1 });
    expect(await replays.reinterpret({ dryRun: true, type: 'sms.inbound' })).toMatchObject({ changed: 1 });
    expect(await optedOut(app)).toEqual([]);
  });

  it('makes all good: three messages with their texts, all senders opted out since they wrote', async () => {
    const { replay } = await reinterpret(app);
    expect(replay).toMatchObject({
      kind: 'reinterpret',
      matched: 3,
      changed: 3,
      scheduled: 3,
      listeners: [],
    });
    expect(await optedOut(app)).toEqual([FIRST, SECOND, THIRD]);
    const { items } = await app.application.get(OptOutLedger).list();
    for (const { since } of items) expect(Date.now() - since.getTime()).toBeGreaterThan(47 * 3_600_000);
    const messages = (await app.application.get(MessageQueries).list()).items;
    expect(messages.map(({ id, text, state }) => [id, text, state]).sort()).toEqual([
      ['L1', 'STOP', 'received'],
      ['L2', 'STOP', 'received'],
      ['L3', 'STOP', 'received'],
    ]);
    for (const id of Object.values(ids)) {
      expect(await app.application.get(EventQueries).find(id)).toMatchObject({ status: 'done' });
    }
    expect(app.application.get(Crm).calls).toEqual([]);
  });

  it('has nothing left to do afterwards', async () => {
    const replays = app.application.get(Replays);
    expect(await replays.reinterpret()).toEqual({ matched: 3, changed: 0, replayId: null });
  });
});

describe('Replays.reinterpret, for listeners', () => {
  const restarts = new Restarts();
  afterAll(() => restarts.close());

  it('delivers to chosen listeners, which answer nothing that is older than an hour', async () => {
    const { app, database, ids } = await restarts.restarted([BODIES.third], MAPPING, {
      providers: [Crm, Answering],
      agedBy: '2 hours',
    });
    await reinterpret(app, { listeners: ['crm', 'answering'] });
    await waitForListener(app.application, ids[0]!, 'crm', 'done');
    await waitForListener(app.application, ids[0]!, 'answering', 'done');
    expect(app.application.get(Crm).calls).toEqual([`${ids[0]} STOP reinterpret`]);
    expect(await outbox(database)).toEqual([
      {
        status: 'cancelled',
        held_reason: null,
        decision_reason: expect.stringContaining('more than an hour'),
      },
    ]);
  });

  it('lets them answer if that is asked for', async () => {
    const { app, database, ids } = await restarts.restarted([BODIES.third], MAPPING, {
      providers: [Answering],
      agedBy: '2 hours',
    });
    await reinterpret(app, { listeners: ['*'], answerOld: true });
    await waitForListener(app.application, ids[0]!, 'answering', 'done');
    expect(await outbox(database)).toEqual([
      { status: 'held', held_reason: 'no-api-key', decision_reason: null },
    ]);
  });

  it('is run only by a process that has the mapping it was created with', async () => {
    const database = await createTestDatabase();
    const run = async <Result>(options: object, use: (app: TestApplication) => Promise<Result>) => {
      const app = await startTestApplication({ database, options });
      try {
        return await use(app);
      } finally {
        await app.close();
      }
    };
    try {
      const { id } = await run({}, (app) => app.post(BODIES.third));
      const replayId = await run(MAPPING, async ({ application }) => {
        const receipt = await application.get(Replays).reinterpret({ ratePerSecond: 1 });
        await application.get(Replays).pause(receipt.replayId!);
        return receipt.replayId!;
      });
      await run({}, async ({ application }) => {
        await application.get(Replays).resume(replayId);
        const error = async () => (await application.get(Replays).find(replayId))?.error ?? undefined;
        expect(await waitUntil(error, { what: () => 'an error' })).toMatch(/another mapping of events/);
      });
      await run(MAPPING, ({ application }) =>
        waitForEvent(application, id, ({ status }) => status === 'done'),
      );
    } finally {
      await database.drop();
    }
  });

  it('refuses listeners that do not exist', async () => {
    const { app } = await restarts.restarted([], MAPPING);
    const replays = app.application.get(Replays);
    await expect(replays.reinterpret({ listeners: ['nobody'] })).rejects.toThrow('no listener with the name');
    await expect(replays.reinterpret({ listeners: ['messages'] })).rejects.toThrow('is a projection');
  });

  it('discards what is still to be delivered to a listener that does not subscribe to the event any more', async () => {
    const { app, ids } = await restarts.restarted(
      [{ type: 'message.sent', data: { id: 'O1', from: OWN, to: FIRST, state: 'ok' } }],
      { eventRules: [{ when: { 'data.state': 'ok' }, type: 'message.delivered' }] },
      { providers: [Failing] },
    );
    await reinterpret(app, { listeners: ['*'] });
    const event = await app.application.get(EventQueries).find(ids[0]!);
    expect(event?.listeners).toContainEqual(
      expect.objectContaining({ name: 'failing', status: 'discarded' }),
    );
    expect(event?.listeners.map(({ name }) => name)).not.toContain('crm');
  });

  it('reads a quarantined event again when it comes in a second time', async () => {
    const { app, ids } = await restarts.restarted([BODIES.third], MAPPING, { providers: [Crm] });
    const again = await app.post(BODIES.third, { id: ids[0]! });
    expect([again.status, again.headers.get('postack-receipt')]).toEqual([204, 'duplicate']);
    await waitForListener(app.application, ids[0]!, 'crm', 'done');
    expect(await optedOut(app)).toEqual([THIRD]);
    await app.post(BODIES.third, { id: ids[0]! });
    expect((await app.application.get(Replays).list()).items).toHaveLength(1);
    expect(app.application.get(Crm).calls).toEqual([`${ids[0]} STOP reinterpret`]);
  });
});
