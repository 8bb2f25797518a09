import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WebhookCounters } from '../../src/index.js';
import { signWebhook, waitForEvent } from '../../src/testing/index.js';
import { RecordingLogger } from '../support/recording-logger.js';
import {
  ADAPTERS,
  messageBody,
  startTestApplication,
  TEST_SECRET,
  type TestApplication,
} from '../support/test-application.js';

const OTHER_SECRET = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;
const PRIVATE = { text: 'my PIN is 4711', from: '+15550104711', to: '+15550104712' };
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);

describe('WebhookController', () => {
  describe.each(ADAPTERS)('the answer to a webhook, on %s', (adapter) => {
    let app: TestApplication;
    const log = new RecordingLogger();

    beforeAll(async () => {
      app = await startTestApplication({
        adapter,
        configure: (application) => {
          application.useLogger(log);
        },
      });
    });
    afterAll(() => app.close());

    const stored = (id: string) =>
      app.database.query<{
        type: string | null;
        status: string;
        body: Buffer;
        quarantine_reason: string | null;
      }>('SELECT type, status, body, quarantine_reason FROM postack.inbox_event WHERE svix_id = $1', [id]);
    const counted = () => app.application.get(WebhookCounters).snapshot();

    describe('that is authentic', () => {
      it('is 204 and "accepted", without a body, once it is stored', async () => {
        const response = await app.post(messageBody('message.received', PRIVATE));
        expect(response.status).toBe(204);
        expect(response.headers.get('postack-receipt')).toBe('accepted');
        expect(response.headers.get('content-type')).toBeNull();
        expect(await response.text()).toBe('');
        expect(await stored(response.id)).toMatchObject([
          { type: 'message.received', quarantine_reason: null },
        ]);
      });

      it('is 204 and "duplicate" for an id that is stored, whatever its body is now', async () => {
        const first = await app.post(messageBody('message.received', { text: 'first' }));
        const again = await app.post({ type: 'something.else' }, { id: first.id });
        expect([again.status, again.headers.get('postack-receipt')]).toEqual([204, 'duplicate']);
        const rows = await stored(first.id);
        expect(rows).toHaveLength(1);
        expect(rows[0]!.body.toString()).toContain('first');
      });

      it('is 204 and "accepted" for a type that nobody knows', async () => {
        const response = await app.post({ type: 'moon.landed', data: {} });
        expect([response.status, response.headers.get('postack-receipt')]).toEqual([204, 'accepted']);
        expect(await waitForEvent(app.application, response.id)).toMatchObject({
          type: 'moon.landed',
          status: 'unhandled',
        });
      });

      it.each([
        ['is not JSON', `{"type": "message.received", "text": "${PRIVATE.text}"`, 'not JSON'],
        ['is no object but a list', '[{"type":"message.received"}]', 'no event type'],
        ['is no object but a number', '42', 'not an object'],
        ['is no object but null', 'null', 'not an object'],
        ['has no type', '{"data":{}}', 'no event type'],
        ['has an empty type', '{"type":""}', 'no event type'],
        ['has a type that is not text', '{"type":{"a":1}}', 'no event type'],
        ['has a type of a thousand characters', `{"type":"${'t'.repeat(1000)}"}`, 'longer than'],
        ['is not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]), 'not JSON in UTF-8'],
        ['is empty', '', 'not JSON'],
      ])('is 204 and "quarantined" for a body that %s, which is kept', async (_what, body, reason) => {
        const response = await app.post(body);
        expect([response.status, response.headers.get('postack-receipt')]).toEqual([204, 'quarantined']);
        const rows = await stored(response.id);
        expect(rows).toMatchObject([{ type: null, status: 'quarantined' }]);
        expect(rows[0]!.quarantine_reason).toContain(reason);
        expect(rows[0]!.body.equals(Buffer.from(body))).toBe(true);
        const again = await app.post(body, { id: response.id });
        expect([again.status, again.headers.get('postack-receipt')]).toEqual([204, 'duplicate']);
      });

      it('is 204 for each of 20 deliveries at once of 10 events, of which one each is "accepted"', async () => {
        const before = counted();
        const ids = Array.from({ length: 10 }, (_, index) => `msg_concurrent_${index}`);
        const responses = await Promise.all(
          ids.flatMap((id) =>
            Array.from({ length: 20 }, () => app.post(messageBody('message.received'), { id })),
          ),
        );
        expect(responses.map(({ status }) => status)).toEqual(Array(200).fill(204));
        for (const id of ids) {
          const receipts = responses
            .filter((response) => response.id === id)
            .map((response) => response.headers.get('postack-receipt'));
          expect(receipts.toSorted()).toEqual(['accepted', ...Array<string>(19).fill('duplicate')]);
          expect(await stored(id)).toHaveLength(1);
        }
        expect(counted().accepted! - before.accepted!).toBe(10);
        expect(counted().duplicate! - before.duplicate!).toBe(190);
      });
    });

    describe('that is not authentic', () => {
      const deliver = (without: string[] = [], signing: Partial<Parameters<typeof signWebhook>[0]> = {}) => {
        const signed = signWebhook({
          secret: TEST_SECRET,
          body: messageBody('message.received', PRIVATE),
          ...signing,
        });
        for (const name of without) Reflect.deleteProperty(signed.headers, name);
        return signed;
      };

      it.each<[what: string, outcome: string, deliver: () => ReturnType<typeof signWebhook>]>([
        [
          'has no signature at all',
          'missing-header',
          () => deliver(['svix-id', 'svix-timestamp', 'svix-signature']),
        ],
        ['has no id', 'missing-header', () => deliver(['svix-id'])],
        ['has no timestamp', 'missing-header', () => deliver(['svix-timestamp'])],
        ['has no signature header', 'missing-header', () => deliver(['svix-signature'])],
        [
          'is signed with another secret',
          'no-matching-signature',
          () => deliver([], { secret: OTHER_SECRET }),
        ],
        ['was signed 6 minutes ago', 'timestamp-too-old', () => deliver([], { at: minutesAgo(6) })],
        ['will be signed in 6 minutes', 'timestamp-too-new', () => deliver([], { at: minutesAgo(-6) })],
        ['has an id of 1,001 characters', 'malformed-id', () => deliver([], { id: 'm'.repeat(1001) })],
        [
          'was changed on its way',
          'no-matching-signature',
          () => ({ ...deliver(), body: Buffer.from('{"type":"message.received"}') }),
        ],
        [
          'has a timestamp that is none',
          'malformed-timestamp',
          () => {
            const signed = deliver();
            return { ...signed, headers: { ...signed.headers, 'svix-timestamp': 'yesterday' } };
          },
        ],
      ])(
        'is the same 401 when it %s; only a counter and a log line tell why',
        async (_what, outcome, make) => {
          const { id, headers, body } = make();
          const before = counted();
          log.lines.length = 0;
          const response = await fetch(app.webhookUrl, { method: 'POST', headers, body });
          expect(response.status).toBe(401);
          expect(response.headers.get('content-type')).toBe('application/problem+json');
          expect(response.headers.get('postack-receipt')).toBeNull();
          expect(await response.text()).toBe('{"type":"about:blank","title":"Unauthorized","status":401}');
          expect(await stored(id)).toEqual([]);
          const key = outcome as keyof typeof before;
          expect(counted()[key]).toBe((before[key] ?? 0) + 1);
          expect(log.lines).toEqual([`Webhook rejected with 401: ${outcome}`]);
        },
      );
    });

    it.each(['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH'])(
      "to %s on the same path is the host's own 404",
      async (method) => {
        const response = await fetch(app.webhookUrl, { method });
        expect(response.status).toBe(404);
        expect(response.headers.get('content-type')).toContain('application/json');
      },
    );

    it('and the log hold no text, no phone number, no secret and no signature', async () => {
      const event = messageBody('message.undelivered', PRIVATE);
      const deliveries = [
        await app.post(event),
        await app.post(event, { secret: OTHER_SECRET }),
        await app.post(JSON.stringify(event).slice(1)),
        await app.post(event, { at: minutesAgo(10) }),
      ];
      await waitForEvent(app.application, deliveries[0]!.id);
      const answers = await Promise.all(
        deliveries.map(async (response) => [...response.headers].join() + (await response.text())),
      );
      const told = [...log.lines, ...answers].join('\n');
      expect(log.lines.length).toBeGreaterThan(2);
      for (const secret of [PRIVATE.text, PRIVATE.from, PRIVATE.to, TEST_SECRET.slice(6), 'v1,']) {
        expect(told).not.toContain(secret);
      }
    });
  });
});
