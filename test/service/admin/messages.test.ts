import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { waitForEvent } from '../../../src/testing/index.js';
import { ADAPTERS, messageBody } from '../../support/test-application.js';
import { startTestService, type TestService } from '../../support/test-service.js';

interface List {
  items: { id: string; [field: string]: unknown }[];
  nextCursor: string | null;
}

describe.each(ADAPTERS)('MessagesController, on %s', (adapter) => {
  let service: TestService;

  beforeAll(async () => {
    service = await startTestService({ POSTACK_HTTP_ADAPTER: adapter });
  });
  afterAll(() => service.close());
  beforeEach(() => service.database.query('TRUNCATE postack.inbox_event, postack.message CASCADE'));

  /** Posts the event and waits until its message is kept. @returns the message's id. */
  async function tell(type: string, data: Record<string, unknown>, at: Date): Promise<string> {
    const body = messageBody(type, data, at);
    await waitForEvent(service.running.application, await service.post(body));
    return body.data.id;
  }
  const minute = (n: number) => new Date(Date.UTC(2026, 0, 31, 8, n));
  const listed = async (query: string) =>
    (await service.get<List>(`/api/v1/messages${query}`)).body.items.map(({ id }) => id);

  it('are listed with the latest event first, and returned one by one', async () => {
    const older = await tell('message.received', { text: 'Hi' }, minute(1));
    const newer = await tell('message.failed', { errorCode: '30003', from: '+15550100003' }, minute(2));
    const { body: list } = await service.get<List>('/api/v1/messages');
    expect(list).toMatchObject({
      items: [
        { id: newer, direction: 'outbound', state: 'failed', errorCode: '30003', from: '+15550100003' },
        {
          id: older,
          direction: 'inbound',
          state: 'received',
          lastEventAt: minute(1).toISOString(),
          text: 'Hi',
        },
      ],
      nextCursor: null,
    });
    expect((await service.get(`/api/v1/messages/${newer}`)).body).toEqual(list.items[0]);
  });

  it('are found by direction, by state and by the time of their latest event', async () => {
    const received = await tell('message.received', {}, minute(1));
    const sent = await tell('message.sent', {}, minute(2));
    const delivered = await tell('message.delivered', {}, minute(3));
    expect(await listed('?direction=inbound')).toEqual([received]);
    expect(await listed('?direction=outbound')).toEqual([delivered, sent]);
    expect(await listed('?state=sent')).toEqual([sent]);
    expect(await listed('?direction=inbound&state=sent')).toEqual([]);
    expect(await listed('?since=2026-01-31T08:02:00Z')).toEqual([delivered, sent]);
    expect(await listed('?since=2026-01-31T08:02')).toEqual([delivered, sent]);
  });

  it('come page by page, each once, also those of the same moment', async () => {
    const ids = [await tell('message.sent', {}, minute(3))];
    for (let i = 0; i < 4; i += 1) ids.push(await tell('message.sent', { id: `SAME-${9 - i}` }, minute(2)));
    ids.push(await tell('message.sent', {}, minute(1)));
    const paged: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body }: { body: List } = await service.get(
        `/api/v1/messages?limit=2${cursor && `&cursor=${cursor}`}`,
      );
      paged.push(...body.items.map(({ id }) => id));
      cursor = body.nextCursor;
    }
    expect(paged).toEqual(ids);
  });

  it.each([
    ['a time that is none', { at: '1', id: 'SM1' }],
    ['a text that cannot be stored', { at: '2026-01-31T08:00:00.000Z', id: 'a\0b' }],
  ])('refuse a cursor with %s', async (_what, position) => {
    const cursor = Buffer.from(JSON.stringify(position)).toString('base64url');
    const answer = await service.get(`/api/v1/messages?cursor=${cursor}`);
    expect(answer).toMatchObject({
      status: 400,
      contentType: expect.stringMatching(/^application\/problem/),
    });
  });
});
