import { randomUUID } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Injectable } from '@nestjs/common';
import { EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { AlertRaised, AlertResolved } from '../../src/alerts/alert-events.js';
import { AlertWatch } from '../../src/alerts/alert-watch.js';
import { Alerts } from '../../src/alerts/alerts.js';
import { PgBossService } from '../../src/jobs/pg-boss.service.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { messageBody, startTestApplication, type TestApplication } from '../support/test-application.js';
import { waitUntil } from '../support/wait-until.js';

const SECRET = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** A Thursday in the future: later than everything that the application stores itself. */
const NOON = new Date(Date.UTC(2030, 0, 31, 12));
const minutesLater = (minutes: number) => new Date(NOON.getTime() + minutes * MINUTE_MS);

@Injectable()
class Pager {
  readonly notices: (AlertRaised | AlertResolved)[] = [];

  @OnEvent(AlertRaised.notice)
  onRaised(notice: AlertRaised): void {
    this.notices.push(notice);
  }

  @OnEvent(AlertResolved.notice)
  onResolved(notice: AlertResolved): void {
    this.notices.push(notice);
  }
}

interface Posted {
  headers: IncomingHttpHeaders;
  body: string;
}

describe('Alerts', () => {
  let app: TestApplication;
  let alerts: Alerts;
  let watch: AlertWatch;
  let receiver: Server;
  let answer = 204;
  const posts: Posted[] = [];
  const logger = new RecordingLogger();

  beforeAll(async () => {
    receiver = createServer((request, response) => {
      void text(request).then((body) => {
        posts.push({ headers: request.headers, body });
        response.writeHead(answer).end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const { port } = receiver.address() as AddressInfo;
    app = await startTestApplication({
      providers: [Pager],
      imports: [EventEmitterModule.forRoot()],
      options: { alerts: { webhook: { url: `http://127.0.0.1:${port}/alerts`, secret: SECRET } } },
      configure: (application) => {
        application.useLogger(logger);
      },
    });
    alerts = app.application.get(Alerts);
    watch = app.application.get(AlertWatch, { strict: false });
  });
  afterAll(async () => {
    await app.close();
    receiver.close();
  });
  beforeEach(async () => {
    await app.database.query(
      'TRUNCATE postack.alert, postack.event_hour, postack.silence_watch, postack.inbox_event, postack.outbox_message, postack.message',
    );
    posts.length = 0;
    answer = 204;
  });

  const list = async () => (await alerts.list()).items;
  const raise = (key: string, at = NOON) =>
    app.dataSource.transaction((manager) =>
      alerts.raise({ kind: 'failure', key, summary: `Messages fail with ${key}` }, manager, at),
    );
  const posted = (count: number) =>
    waitUntil(() => (posts.length >= count ? posts : undefined), { what: () => `${count} webhooks` });
  /** Stores events received at this time. */
  const storeEvents = (count: number, at: Date) =>
    app.database.query(
      `INSERT INTO postack.inbox_event
         (endpoint, svix_id, type, status, occurred_at, received_at, secret_fingerprint, clock_skew_ms)
       SELECT 'default', gen_random_uuid(), 'message.sent', 'dispatched', $2, $2, 'abc', 0 FROM generate_series(1, $1)`,
      [count, at.toISOString()],
    );
  /** Stores a message that Postack accepted at this time, with or without a receipt. */
  const storeSend = async (at: Date, state?: string, eventId = 'msg_1') => {
    const id = randomUUID();
    await app.database.query(
      `INSERT INTO postack.outbox_message (id, idempotency_key, category, from_number, to_number, text, encoding,
         segments, status, message_id, created_at, accepted_at)
       VALUES ($1::uuid, $1::uuid::text, 'notification', '+15550100002', '+15550100001', 'Hi', 'GSM-7', 1, 'accepted', $1::uuid::text, $2, $2)`,
      [id, at.toISOString()],
    );
    if (state === undefined) return;
    await app.database.query(
      `INSERT INTO postack.message (id, direction, state, state_at, conflict, history, first_event_at, last_event_at)
       VALUES ($1, 'outbound', $2, $3, false, $4, $3, $3)`,
      [id, state, at.toISOString(), JSON.stringify([{ state, at, eventId, errorCode: null }])],
    );
  };
  /** Every five minutes. */
  const watchFromTo = async (from: number, to: number) => {
    for (let minutes = from; minutes <= to; minutes += 5) await watch.run(minutesLater(minutes));
  };
  /** Counts the events of all past hours. */
  const countPast = async (now: Date) => {
    for (let run = 0; run < 30; run += 1) await watch.run(now);
  };

  it('are raised once, reported to the log, observers and a signed webhook, and resolved', async () => {
    const pager = app.application.get(Pager);
    expect(await raise('30034')).toBe(true);
    expect(await raise('30034', minutesLater(5))).toBe(false);
    await posted(1);
    const [alert] = await waitUntil(
      async () => ((await list())[0]?.webhook === 'delivered' ? list() : undefined),
      { what: () => 'the delivered webhook to be recorded' },
    );
    expect(alert).toMatchObject({
      state: 'open',
      occurrences: 2,
      openedAt: NOON,
      lastSeenAt: minutesLater(5),
    });
    await waitUntil(() => pager.notices[0], { what: () => 'an observer' });

    await watch.run(minutesLater(60));
    expect(await list()).toMatchObject([{ state: 'open' }]);
    await watch.run(minutesLater(66));
    await posted(2);
    expect(await list()).toMatchObject([{ state: 'resolved', resolvedAt: minutesLater(66) }]);
    await waitUntil(() => pager.notices[1], { what: () => 'an observer' });
    expect(pager.notices.map(({ constructor, alert: { id } }) => [constructor, id])).toEqual([
      [AlertRaised, alert!.id],
      [AlertResolved, alert!.id],
    ]);
    expect(logger.lines.filter((line) => line.startsWith('Alert '))).toEqual([
      `Alert raised: Messages fail with 30034 (alert ${alert!.id})`,
      `Alert resolved: Messages fail with 30034 (alert ${alert!.id})`,
    ]);
    const bodies = posts.map(({ headers, body }) =>
      new Webhook(SECRET).verify(body, headers as Record<string, string>),
    );
    expect(bodies).toMatchObject([
      { type: 'alert.raised', timestamp: NOON.toISOString(), data: { id: alert!.id, key: '30034' } },
      { type: 'alert.resolved', data: { id: alert!.id, state: 'resolved' } },
    ]);
    expect(new Set(posts.map(({ headers }) => headers['webhook-id'])).size).toBe(2);
    expect(await raise('30034', minutesLater(70))).toBe(true);
  });

  /** Makes a failed notice due immediately, with this number of attempts left. */
  const retry = (attemptsLeft: number) =>
    waitUntil(
      async () => {
        const [job] = await app.database.query(
          `UPDATE postack_jobs.job SET start_after = now(), retry_limit = retry_count + $1
           WHERE name = 'alerts.notices' AND state = 'retry' RETURNING id`,
          [attemptsLeft],
        );
        return job;
      },
      { what: () => 'the retry' },
    );
  const webhookState = (state: string) =>
    waitUntil(async () => ((await list())[0]?.webhook === state ? true : undefined), {
      what: () => `the webhook to be ${state}`,
    });

  it('are posted with the same id until the receiver accepts them', async () => {
    answer = 500;
    await raise('30007');
    await posted(1);
    expect(await list()).toMatchObject([{ webhook: 'pending' }]);
    answer = 204;
    await retry(5);
    await posted(2);
    expect(posts[0]?.headers['webhook-id']).toBe(posts[1]?.headers['webhook-id']);
    await webhookState('delivered');
    expect(logger.lines.join('\n')).toMatch(/Webhook failed for alert .*; will retry: .*answered 500/);
  });

  it('are no longer posted as raised once they are resolved', async () => {
    answer = 500;
    await raise('30005', minutesLater(-90));
    await posted(1);
    answer = 204;
    await watch.run(NOON);
    await posted(2);
    await retry(5);
    await waitUntil(
      async () => {
        const rows = await app.database.query(
          `SELECT FROM postack_jobs.job WHERE name = 'alerts.notices' AND state IN ('created', 'active', 'retry')`,
        );
        return rows.length === 0 || undefined;
      },
      { what: () => 'all notices to be delivered' },
    );
    expect(posts.map(({ body }) => (JSON.parse(body) as { type: string }).type)).toEqual([
      'alert.raised',
      'alert.resolved',
    ]);
    expect(await list()).toMatchObject([{ state: 'resolved', webhook: 'delivered' }]);
  });

  it('record that all attempts of the webhook failed', async () => {
    answer = 302;
    await raise('30007');
    await posted(1);
    await retry(1);
    await webhookState('failed');
    expect(logger.lines.join('\n')).toMatch(/Webhook failed for alert .*; no attempts left: .*answered 302/);
  });

  it('report a silence that is longer than usual, until the next event', async () => {
    for (const week of [1, 2, 3]) {
      for (const hour of [-2, -1, 0, 1]) {
        await storeEvents(60, new Date(NOON.getTime() - week * 7 * 24 * HOUR_MS + hour * HOUR_MS));
      }
    }
    await storeEvents(1, NOON);
    await countPast(minutesLater(-3));
    await watchFromTo(0, 25);
    await watch.run(minutesLater(29));
    expect(await list()).toEqual([]);
    await watch.run(minutesLater(31));
    await watch.run(minutesLater(32));
    expect(await list()).toMatchObject([
      {
        ...{ kind: 'silence', state: 'open', openedAt: minutesLater(31), occurrences: 1 },
        details: { lastEventAt: NOON.toISOString(), missingEvents: 31 },
      },
    ]);
    await storeEvents(1, minutesLater(33));
    await watch.run(minutesLater(34));
    expect(await list()).toMatchObject([{ state: 'resolved', resolvedAt: minutesLater(34) }]);
  });

  it('do not report a silence while no process was running', async () => {
    for (const week of [1, 2, 3]) {
      for (const hour of [-2, -1, 0, 1, 2]) {
        await storeEvents(60, new Date(NOON.getTime() - week * 7 * 24 * HOUR_MS + hour * HOUR_MS));
      }
    }
    await storeEvents(1, NOON);
    await countPast(NOON);
    await watchFromTo(40, 65);
    expect(await list()).toEqual([]);
    await watch.run(minutesLater(71));
    expect(await list()).toMatchObject([{ kind: 'silence', details: { missingEvents: 31 } }]);
  });

  it('do not report a silence in a new installation', async () => {
    await countPast(minutesLater(0));
    expect(await list()).toEqual([]);
    await storeEvents(1000, NOON);
    await countPast(minutesLater(6 * 60));
    expect(await list()).toEqual([]);
  });

  it('report messages without any receipt, until one arrives', async () => {
    for (const minutes of [0, 1, 2, 3]) await storeSend(minutesLater(minutes), 'sent');
    await storeSend(minutesLater(12));
    await watch.run(minutesLater(20));
    expect(await list()).toEqual([]);
    await watch.run(minutesLater(22));
    await watch.run(minutesLater(23));
    expect(await list()).toMatchObject([
      { kind: 'no-receipts', state: 'open', occurrences: 1, details: { messages: 5 } },
    ]);
    await watch.run(minutesLater(300));
    expect(await list()).toMatchObject([{ state: 'open' }]);
    // A state that was looked up is not a receipt.
    await storeSend(minutesLater(298), 'delivered', 'lookup');
    await watch.run(minutesLater(300));
    expect(await list()).toMatchObject([{ state: 'open' }]);
    await storeSend(minutesLater(299), 'delivered');
    await watch.run(minutesLater(301));
    expect(await list()).toMatchObject([{ state: 'resolved' }]);
    // It stays resolved, although the earlier messages still have no receipt.
    for (let minutes = 0; minutes < 6; minutes += 1) await storeSend(minutesLater(280 + minutes), 'sent');
    await watchFromTo(302, 330);
    expect(await list()).toMatchObject([{ state: 'resolved' }]);
  });

  it('are not raised while at least one receipt arrives', async () => {
    for (const minutes of [0, 1, 2, 3, 4, 5]) await storeSend(minutesLater(minutes), 'sent');
    await storeSend(minutesLater(6), 'undelivered');
    await watch.run(minutesLater(20));
    expect(await list()).toEqual([]);
  });

  it('are checked for every minute by a job of pg-boss', async () => {
    const { boss } = app.application.get(PgBossService, { strict: false });
    expect(await boss.getSchedules('alerts.watch')).toMatchObject([{ cron: '* * * * *' }]);
    await raise('30006', new Date(Date.now() - 2 * HOUR_MS));
    await boss.send('alerts.watch');
    await waitUntil(async () => ((await list())[0]?.state === 'resolved' ? true : undefined), {
      what: () => 'the job to resolve the alert',
    });
    // Events are still accepted.
    expect((await app.post(messageBody('message.sent'))).status).toBe(204);
  });
});
