import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RequestCounts } from '../../../src/reports/request-counts.js';
import { waitForEvent, waitForReports } from '../../../src/testing/index.js';
import type { Answers, Compared, HeatMap, ReportSummary, TimeSeries } from '../../../src/reports/index.js';
import { messageBody } from '../../support/test-application.js';
import { startTestService, TEST_ADMIN_KEY, type TestService } from '../../support/test-service.js';

const PEER = '+491701234567';
const OWN = '+15550100002';
const OTHER = '+15550100003';
const EVIL = '=HYPERLINK("http://evil.example")';
const NOON = new Date('2026-03-02T12:00:00Z');
const PERIOD = 'from=2026-03-01&to=2026-03-05';
const LEAK = /\+?\d{8,}|HYPERLINK|secret/;

const minutesLater = (minutes: number) => new Date(NOON.getTime() + minutes * 60_000);
const path = (rest: string) => `/api/v1/reports/${rest}`;

describe('ReportsController', () => {
  let service: TestService;

  async function tell(type: string, at: Date, data: Record<string, unknown>): Promise<string> {
    const id = await service.post(messageBody(type, { segments: 2, ...data }, at));
    await waitForEvent(service.running.application, id);
    return id;
  }
  async function download(query: string): Promise<{ type: string | null; lines: string[] }> {
    const answer = await fetch(`${service.running.origin}${path(`export?${PERIOD}&${query}`)}`, {
      headers: { authorization: `Bearer ${TEST_ADMIN_KEY}` },
    });
    expect(answer.status).toBe(200);
    return {
      type: answer.headers.get('content-type'),
      lines: (await answer.text()).trimEnd().split('\n'),
    };
  }

  beforeAll(async () => {
    service = await startTestService();
    const inbound = { id: 'in', from: PEER, to: OWN };
    const outbound = { from: OWN, to: PEER, text: 'secret' };
    await tell('message.received', NOON, { ...inbound, text: EVIL });
    await tell('message.delivered', minutesLater(6), { ...outbound, id: 'out' });
    await tell('message.queued', minutesLater(5), { ...outbound, id: 'out' });
    await tell('message.failed', minutesLater(7), {
      ...outbound,
      id: 'bad',
      from: OTHER,
      errorCode: 'invalid_text',
    });
    await tell('message.received', minutesLater(2 * 24 * 60), { ...inbound, id: 'stop', text: 'STOP' });
    await tell('number.released', NOON, {});
    await service.database.query(
      `INSERT INTO postack.message_failure (message_id, state, source, code, cause_class, failed_at)
       VALUES ('refused', 'rejected', 'rejection', 'invalid_recipient', 'recipient', '${NOON.toISOString()}')`,
    );
    await waitForReports(service.running.application);
  });
  afterAll(() => service.close());

  it('sum up messages, opt-outs, conversations and durations', async () => {
    const { status, body } = await service.get<ReportSummary>(path(`summary?${PERIOD}`));
    expect(status).toBe(200);
    expect(body).toMatchObject({
      from: '2026-03-01T00:00:00.000Z',
      to: '2026-03-05T00:00:00.000Z',
      messages: { received: 2, outbound: 2, deliveryRate: 0.5, segmentsReceived: 4, segmentsSent: 4 },
      optOuts: 1,
      optOutRate: 0.5,
      timeToDelivered: { count: 1 },
      timeToFirstReply: { count: 1 },
    });
    expect(body.messages).toMatchObject({ conversations: 3, replied: 1, replyRate: 0.5 });
    expect(body.timeToDelivered.p50Ms! / 60_000).toBeCloseTo(1, 1);
    expect(body.timeToFirstReply.p50Ms! / 300_000).toBeCloseTo(1, 1);
  });

  it('count events of every type, duplicates and refusals when they come in', async () => {
    const before = (await service.get<ReportSummary>(path('summary'))).body.events;
    expect(before.accepted).toBe(6);
    const id = await tell('message.sent', minutesLater(30 * 24 * 60), { from: OWN, to: PEER });
    await service.post(messageBody('message.sent', {}, NOON), { id });
    await service.post('no event');
    await fetch(service.running.webhookUrl, { method: 'POST', body: '{}' });
    const counts = service.running.application.get(RequestCounts, { strict: false });
    await counts.flush();
    await counts.flush();
    await waitForReports(service.running.application);
    const { events } = (await service.get<ReportSummary>(path('summary'))).body;
    expect(events).toMatchObject({ accepted: 7, duplicates: 1, quarantined: 1, rejected: 1, unavailable: 0 });
    expect(events.lag.count).toBe(7);
  });

  it('cut time into days that begin where the time zone says', async () => {
    const query = `timeseries?metric=received&interval=day&timezone=Asia/Kolkata&${PERIOD}`;
    const { body } = await service.get<TimeSeries>(path(query));
    expect(body.series).toEqual([
      {
        value: null,
        points: [
          { at: '2026-02-28T18:30:00.000Z', value: 0 },
          { at: '2026-03-01T18:30:00.000Z', value: 1 },
          { at: '2026-03-02T18:30:00.000Z', value: 0 },
          { at: '2026-03-03T18:30:00.000Z', value: 1 },
          { at: '2026-03-04T18:30:00.000Z', value: 0 },
        ],
      },
    ]);
  });

  it('add up the same hours of each week, in the time zone', async () => {
    await tell('message.received', minutesLater(7 * 24 * 60), { id: 'week later', from: PEER, to: OWN });
    await waitForReports(service.running.application);
    const hoursOf = async (metric: string) => {
      const query = `heatmap?metric=${metric}&timezone=Asia/Kolkata&from=2026-03-01&to=2026-03-15`;
      const { body } = await service.get<HeatMap>(path(query));
      expect(body).toMatchObject({ from: '2026-03-01T00:00:00.000Z', metric, timezone: 'Asia/Kolkata' });
      expect(body.hours).toHaveLength(168);
      return body.hours.filter(({ value }) => value !== 0 && value !== null);
    };
    // Noon in UTC is 17:30 in Kolkata: on Monday 2 and 9 March, and on Wednesday 4 March.
    expect(await hoursOf('received')).toEqual([
      { weekday: 1, hour: 17, value: 2 },
      { weekday: 3, hour: 17, value: 1 },
    ]);
    expect(await hoursOf('replyRate')).toEqual([{ weekday: 1, hour: 17, value: 0.5 }]);
    expect(await hoursOf('optOuts')).toEqual([{ weekday: 3, hour: 17, value: 1 }]);
  });

  it('count what was answered in time, in all and by own number', async () => {
    const answersOf = async (query: string) => (await service.get<Answers>(path(`answers?${query}`))).body;
    // The reply came after 5 minutes; the hour in which the period ends counts as a whole.
    const period = 'from=2026-03-01T00:10&to=2026-03-04T12:00:01Z';
    expect(await answersOf(`withinMinutes=6&groupBy=ownNumber&${period}`)).toMatchObject({
      from: '2026-03-01T00:00:00.000Z',
      to: '2026-03-04T13:00:00.000Z',
      withinMinutes: 6,
      relativeError: expect.closeTo(0.0476, 3),
      ...{ received: 2, answered: 1, answerRate: 0.5 },
      numbers: [{ number: '+1********02', received: 2, answered: 1, answerRate: 0.5 }],
    });
    expect(await answersOf(`withinMinutes=4&${period}`)).toMatchObject({
      received: 2,
      answered: 0,
      answerRate: 0,
    });
    const empty = { received: 0, answered: 0, answerRate: null };
    expect(await answersOf('withinMinutes=4&from=2025-01-01&to=2025-01-02')).toMatchObject(empty);
  });

  it('have the period before beside every figure, if asked to', async () => {
    // 2 March has the messages of noon, 4 March the opt-out.
    const before = 'from=2026-03-01&to=2026-03-03';
    const period = 'from=2026-03-03&to=2026-03-05';
    const figuresOf = ({ asOf: _asOf, ...figures }: Record<string, unknown>) => figures;
    for (const report of [
      'summary?',
      'timeseries?metric=received&timezone=Asia/Kolkata&groupBy=ownNumber&',
      'heatmap?metric=received&',
      'errors?',
      'latency?groupBy=ownNumber&',
      'answers?withinMinutes=5&groupBy=ownNumber&',
      'numbers?includeNumbers=true&',
    ]) {
      const alone = await service.get<object>(path(`${report}${period}`));
      expect(alone.body).not.toHaveProperty('previous');
      const previous = await service.get<Record<string, unknown>>(path(`${report}${before}`));
      const { status, body } = await service.get(path(`${report}${period}&compare=previous`));
      expect({ report, status, body }).toEqual({
        report,
        status: 200,
        body: { ...alone.body, asOf: expect.any(String), previous: figuresOf(previous.body) },
      });
    }
    const { body } = await service.get<Compared<ReportSummary>>(path(`summary?${period}&compare=previous`));
    expect(body).toMatchObject({ optOuts: 1, messages: { received: 1, outbound: 0 } });
    expect(body.previous).toMatchObject({ optOuts: 0, messages: { received: 1, outbound: 2 } });
  });

  it('tell why messages failed, how long things took, and what each number did', async () => {
    const errors = await service.get(path(`errors?${PERIOD}`));
    expect(errors.body).toMatchObject({
      items: [
        { cause: 'content', errorCode: 'invalid_text', failed: 1, undelivered: 0, rejected: 0, share: 1 / 3 },
        { cause: 'recipient', errorCode: 'invalid_recipient', failed: 0, rejected: 1, share: 1 / 3 },
      ],
    });
    const numbers = await service.get<{ items: Record<string, unknown>[] }>(path(`numbers?${PERIOD}`));
    expect(numbers.body.items).toEqual([
      expect.objectContaining({ number: '+1********02', received: 2, outbound: 1 }),
      expect.objectContaining({ number: '+1********03', received: 0, outbound: 1 }),
    ]);
    expect(
      await service.database.query(
        `SELECT error_code, cause, failed, undelivered, rejected FROM postack.report_hourly_failures
         ORDER BY error_code`,
      ),
    ).toEqual([
      { error_code: 'invalid_recipient', cause: 'recipient', failed: '0', undelivered: '0', rejected: '1' },
      { error_code: 'invalid_text', cause: 'content', failed: '1', undelivered: '0', rejected: '0' },
    ]);
    const latency = await service.get(path(`latency?groupBy=ownNumber&${PERIOD}`));
    expect(latency.body).toMatchObject({
      relativeError: expect.closeTo(0.0476, 3),
      timeToDelivered: { count: 1 },
      numbers: [{ number: '+1********02', timeToDelivered: { count: 1 }, timeToFirstReply: { count: 1 } }],
    });
  });

  it('show no phone number and no text, unless asked to', async () => {
    const hidden = [
      'summary?',
      'timeseries?metric=outbound&groupBy=ownNumber&',
      'errors?',
      'latency?groupBy=ownNumber&',
      'answers?withinMinutes=5&groupBy=ownNumber&',
      'numbers?',
    ];
    for (const report of hidden) {
      const { status, body } = await service.get(path(`${report}${PERIOD}`));
      expect(status).toBe(200);
      expect(
        JSON.stringify(body).replaceAll(/"\w+Error":[\d.]+|"(?:\w*[rR]ate|share)":[\d.]+/g, ''),
      ).not.toMatch(LEAK);
    }
    expect((await download('format=csv')).lines.join()).not.toMatch(LEAK);
    expect((await download('format=ndjson')).lines.join()).not.toMatch(LEAK);
    const shown = await service.get(path(`numbers?includeNumbers=true&${PERIOD}`));
    expect(shown.body).toMatchObject({ items: [{ number: OWN }, { number: OTHER }] });
    const hourly = ['messages', 'failures', 'durations', 'events', 'opt_outs'].map(
      (name) => `hourly_${name}`,
    );
    for (const name of [...hourly, 'message']) {
      const rows = await service.database.query(`SELECT * FROM postack.report_${name}`);
      expect(rows).not.toEqual([]);
      expect(JSON.stringify(rows)).not.toMatch(/\+\d{8,}|HYPERLINK|secret/);
    }
  });

  it('can be made with the SQL that its guide shows', async () => {
    const readme = await readFile(join(import.meta.dirname, '../../../src/reports/README.md'), 'utf8');
    const [, block = ''] = /```sql\n([^]*?)```/.exec(readme) ?? [];
    const [byDay = '', heatMap = '', cost = '', answered = '', p95 = ''] = block.split(';\n');
    const { body } = await service.get<ReportSummary>(path(`summary?${PERIOD}`));
    expect(await service.database.query(byDay)).toContainEqual({
      day: new Date('2026-03-01T23:00:00Z'),
      delivered: '1',
    });
    expect(await service.database.query(heatMap)).toContainEqual({
      ...{ weekday: '1', hour_of_day: '13', received: expect.stringMatching(/^[12]$/) },
    });
    expect(await service.database.query(cost)).toEqual([{ cost: null, previous: null }]);
    expect(await service.database.query(answered)).toEqual([{ answered: '1' }]);
    const [row] = await service.database.query<{ p95_ms: number }>(p95);
    expect(row!.p95_ms).toBeCloseTo(body.timeToDelivered.p95Ms!, 0);
  });

  it('are exported as CSV, in which nothing is a formula, and as NDJSON', async () => {
    const csv = await download('includeNumbers=true&includeTexts=true');
    expect(csv.type).toBe('text/csv; charset=utf-8');
    expect(csv.lines).toHaveLength(5);
    expect(csv.lines[0]).toBe(
      'id,direction,firstEventAt,state,stateAt,cause,errorCode,ownNumber,country,segments,' +
        'timeToDeliveredMs,from,to,text',
    );
    expect(csv.lines[1]).toMatch(/^in,inbound,2026-03-02T12:00:00.000Z,received,.*,DE,2,,\+49/);
    expect(csv.lines[1]).toContain(`"'=HYPERLINK(""http`);
    const ndjson = await download('format=ndjson');
    expect(ndjson.type).toBe('application/x-ndjson');
    expect(ndjson.lines.map((line) => JSON.parse(line) as object)).toContainEqual(
      expect.objectContaining({ id: 'out', state: 'delivered', timeToDeliveredMs: 60_000, country: 'DE' }),
    );
  });
});
