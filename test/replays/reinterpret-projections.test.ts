import { afterAll, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import {
  EventQueries,
  MessageQueries,
  type MessageReceivedEvent,
  PostackProjection,
  type Reinterpretation,
} from '../../src/index.js';
import {
  BODIES,
  FIRST,
  MAPPING,
  optedOut,
  OWN,
  reinterpret,
  Restarts,
  SECOND,
  THIRD,
} from './reinterpreting.js';

const DONE = {
  status: 'done',
  attempts: 1,
  reason: 'initial',
  firstError: null,
  lastError: null,
  nextAttemptAt: null,
};

/** Counts the events of each sender in memory, for as long as nothing is rolled back. */
@Injectable()
class Counting {
  readonly counts: Record<string, number> = {};

  @PostackProjection('message.received', { name: 'counting', reinterprets: true })
  count(
    events: readonly MessageReceivedEvent[],
    _manager: EntityManager,
    again?: Reinterpretation<MessageReceivedEvent>,
  ): Promise<void> {
    for (const { from } of again?.formerly ?? [])
      this.counts[from ?? ''] = (this.counts[from ?? ''] ?? 0) - 1;
    for (const { from } of events) this.counts[from ?? ''] = (this.counts[from ?? ''] ?? 0) + 1;
    return Promise.resolve();
  }
}

@Injectable()
class Untouched {
  readonly ids: string[] = [];

  @PostackProjection('message.received', { name: 'untouched' })
  note(events: readonly MessageReceivedEvent[]): Promise<void> {
    this.ids.push(...events.map(({ id }) => id));
    return Promise.resolve();
  }
}

describe('Replays.reinterpret, for projections', () => {
  const restarts = new Restarts();
  afterAll(() => restarts.close());

  it('takes back what a wrong reading has caused', async () => {
    const wrong = [
      // Sender and recipient are swapped: the own number was opted out, the customer's is taken for an own one.
      {
        type: 'message.received',
        data: { id: 'W1', sender_number: FIRST, from: OWN, to: FIRST, text: 'STOP' },
      },
      // A delivery that was taken for a failure.
      { type: 'message.failed', data: { id: 'W2', from: OWN, to: SECOND, state: 'ok', errorCode: '30005' } },
    ];
    const { app, database } = await restarts.restarted(wrong, {
      payload: { from: ['sender_number', 'from'], to: ['receiver_number', 'to'] },
      eventRules: [
        { when: { 'data.state': 'ok' }, type: 'message.delivered' },
        { when: { type: 'message.received' }, type: 'message.received', payload: { to: 'from' } },
      ],
    });
    expect(await optedOut(app)).toEqual([OWN]);
    const failures = () => database.query('SELECT message_id FROM postack.message_failure');
    const numbers = () => database.query('SELECT number FROM postack.own_number');
    expect([await failures(), await numbers()]).toEqual([[{ message_id: 'W2' }], [{ number: FIRST }]]);
    await reinterpret(app);
    expect(await optedOut(app)).toEqual([FIRST]);
    expect([await failures(), await numbers()]).toEqual([[], [{ number: OWN }]]);
    const { items } = await app.application.get(MessageQueries).list();
    expect(items.map(({ id, state, from, to }) => [id, state, from, to]).sort()).toEqual([
      ['W1', 'received', FIRST, OWN],
      ['W2', 'delivered', OWN, SECOND],
    ]);
  });

  it('quarantines what cannot be read any more', async () => {
    const { app, ids } = await restarts.restarted([BODIES.second], { payload: { type: ['kind'] } });
    expect(await reinterpret(app)).toMatchObject({ changed: 1 });
    expect((await app.application.get(MessageQueries).list()).items).toEqual([]);
    expect(await app.application.get(EventQueries).find(ids[0]!)).toMatchObject({
      status: 'quarantined',
      quarantineReason: expect.stringContaining('no event type'),
    });
  });

  it('lets a START count that came after a STOP which nobody could read', async () => {
    const at = (hour: number) => new Date(Date.now() - hour * 3_600_000).toISOString();
    const start = {
      type: 'message.received',
      timestamp: at(3),
      data: { id: 'S2', from: FIRST, to: OWN, text: 'START' },
    };
    const { app } = await restarts.restarted(
      [{ ...BODIES.third, timestamp: at(2) }, { ...BODIES.first, timestamp: at(4) }, start],
      MAPPING,
    );
    await reinterpret(app);
    expect(await optedOut(app)).toEqual([THIRD]);
  });

  it('calls the projections of users that take part, with the former readings', async () => {
    const { app, ids } = await restarts.restarted(
      [{ type: 'message.received', data: { id: 'U1', from: FIRST, msisdn: SECOND, to: OWN, text: 'Hi' } }],
      { payload: { from: ['msisdn'] } },
      { providers: [Counting, Untouched] },
    );
    await reinterpret(app);
    expect(app.application.get(Counting).counts).toEqual({ [FIRST]: -1, [SECOND]: 1 });
    expect(app.application.get(Untouched).ids).toEqual([]);
    expect(await app.application.get(EventQueries).find(ids[0]!)).toMatchObject({
      projections: expect.arrayContaining([
        { ...DONE, name: 'untouched' },
        { ...DONE, name: 'counting' },
      ]),
    });
  });

  it('sets aside an event that a projection fails on, and takes its former reading back', async () => {
    const { app, ids } = await restarts.restarted(
      [{ type: 'message.received', data: { id: 'P1', from: FIRST, to: OWN, text: 'Hi' } }, BODIES.third],
      { ...MAPPING, payload: { ...MAPPING.payload, messageId: ['missing'] } },
    );
    await reinterpret(app);
    expect((await app.application.get(MessageQueries).list()).items).toEqual([]);
    expect(await optedOut(app)).toEqual([THIRD]);
    expect(await app.application.get(EventQueries).find(ids[0]!)).toMatchObject({ status: 'retrying' });
  });

  it('repairs the dead letter of a projection', async () => {
    const { app, ids } = await restarts.restarted(
      [{ type: 'message.received', data: { reference: 'D1', from: FIRST, to: OWN, text: 'Hi' } }],
      { payload: { messageId: ['reference'] } },
    );
    await reinterpret(app);
    expect(await app.application.get(EventQueries).find(ids[0]!)).toMatchObject({ status: 'done' });
    expect((await app.application.get(MessageQueries).list()).items).toMatchObject([{ id: 'D1' }]);
  });

  it('settles what is declared as ignored', async () => {
    const { app, ids } = await restarts.restarted([{ type: 'number.ported' }], {
      eventTypes: { 'number.ported': 'ignored' },
    });
    await reinterpret(app);
    expect(await app.application.get(EventQueries).find(ids[0]!)).toMatchObject({ status: 'done' });
  });
});
