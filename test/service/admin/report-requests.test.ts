import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestService, type TestService } from '../../support/test-service.js';

const path = (rest: string) => `/api/v1/reports/${rest}`;

describe('ReportsController, requests that it refuses', () => {
  let service: TestService;

  beforeAll(async () => {
    service = await startTestService();
  });
  afterAll(() => service.close());

  it('name the parameter that is wrong', async () => {
    await service.database.query(
      `INSERT INTO postack.report_count
       SELECT 'ownNumber', '2020-06-01Z', 'number' || n, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
       FROM generate_series(1, 11) AS n`,
    );
    const refused: [query: string, message: RegExp][] = [
      ['summary?from=yesterday', /^from must be a time/],
      ['summary?from=2026-03-02&to=2026-03-01', /^from must be before "to"/],
      ['summary?to=0001-01-01', /^(?:to|from) must be a time between/],
      ['timeseries', /^metric must be one of received, outbound/],
      ['timeseries?metric=received&interval=second', /^interval must be one of hour, day/],
      ['timeseries?metric=received&groupBy=peer', /^groupBy must be one of ownNumber/],
      ['timeseries?metric=optOuts&groupBy=country', /^groupBy must be left out for the metric optOuts/],
      [
        'timeseries?metric=received&groupBy=cause',
        /^groupBy must be one of ownNumber, country, segments for/,
      ],
      ['timeseries?metric=failed&groupBy=cause,cause', /^groupBy must be one or two different ones/],
      ['timeseries?metric=failed&groupBy=country,cause,segments', /^groupBy must be one or two different/],
      ['timeseries?metric=failed&groupBy=country,', /^groupBy must be one of ownNumber, country/],
      ['timeseries?metric=cost', /^metric must be another: cost needs the option "reports.prices"/],
      ['heatmap?metric=unpricedSegments', /^metric must be another: unpricedSegments needs the option/],
      ['timeseries?metric=received&timezone=%2B03:00', /^timezone must be an IANA time zone/],
      ['timeseries?metric=received&interval=hour&from=1990-01-01', /^interval must be longer/],
      [
        'timeseries?metric=received&groupBy=ownNumber&interval=hour&from=2020-01-01&to=2021-02-01',
        /^groupBy must be left out, the interval longer, or the period shorter: 100000 points/,
      ],
      ['heatmap?metric=read', /^metric must be one of received, outbound/],
      ['heatmap?metric=received&timezone=5', /^timezone must be an IANA time zone/],
      ['heatmap?metric=received&from=1990-01-01', /^from must be later: a period of 10000 hours/],
      ['summary?compare=next', /^compare must be one of previous/],
      [
        'summary?from=1970-01-02&to=2026-01-01&compare=previous',
        /^compare must be left out: the period before/,
      ],
      [
        'export?compare=previous',
        /^unknown parameter "compare"; known: format, from, includeConversations, includeNumbers/,
      ],
      ['latency?groupBy=country', /^groupBy must be ownNumber/],
      ['answers', /^withinMinutes must be a whole number from 1 to 1440/],
      ['answers?withinMinutes=1441', /^withinMinutes must be a whole number from 1 to 1440/],
      ['answers?withinMinutes=5&groupBy=country', /^groupBy must be ownNumber/],
      ['numbers?includeNumbers=1', /^includeNumbers must be true or false/],
      ['export?format=xlsx', /^format must be one of csv, ndjson/],
      ['export?from=2026-03-02&to=2026-03-02', /^from must be before/],
      ['errors?form=2026-03-02', /^unknown parameter "form"; known: compare, from, to/],
    ];
    for (const [query, message] of refused) {
      const { status, body } = await service.get<{ detail: string }>(path(query));
      expect({ query, status, detail: body.detail }).toEqual({
        query,
        status: 400,
        detail: expect.stringMatching(message),
      });
    }
    expect(await service.send(path('rebuild'), {})).toMatchObject({
      status: 400,
      body: { errors: [expect.stringMatching(/^since must be a time/)] },
    });
    for (const since of ['0000-01-01', '1969-12-31', '9000-01-01']) {
      expect(await service.send(path('rebuild'), { since })).toMatchObject({
        status: 400,
        body: { detail: expect.stringMatching(/^since must be a time that has passed, and not before 1970/) },
      });
    }
    expect((await service.get(path('summary'), null)).status).toBe(401);
  });
});
