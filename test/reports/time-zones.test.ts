import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import type { Reports } from '../../src/reports/index.js';
import { INTERVALS } from '../../src/reports/report-request.js';
import { createTestDatabase, openDataSource, type TestDatabase } from '../support/test-database.js';
import { reportsOf } from './report-parts.js';

const BUCKET_MS = 15 * 60_000;
const [FROM, TO] = [Date.UTC(2026, 0, 1), Date.UTC(2027, 0, 1)];
const BUCKETS = Array.from({ length: (TO - FROM) / BUCKET_MS }, (_, index) => FROM + index * BUCKET_MS);
const PERIOD = { from: new Date(FROM), to: new Date(TO) };

/** Zones with different rules in PostgreSQL, fractional offsets, and days that start at 1:00 or have two midnights. */
const ZONES = [
  ...['CET', 'EET', 'MET', 'WET', 'America/Edmonton', 'Africa/Casablanca'],
  ...['Australia/Lord_Howe', 'Asia/Kathmandu', 'Asia/Kolkata', 'Pacific/Chatham', 'America/St_Johns'],
  ...['America/Santiago', 'Africa/Cairo', 'Asia/Beirut', 'America/Havana', 'Atlantic/Azores', 'UTC'],
];

describe('Reports', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let reports: Reports;

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await openDataSource(database.url);
    await database.query(
      `INSERT INTO postack.report_count
       SELECT 'total', at, '', 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
       FROM generate_series($1::timestamptz, $2::timestamptz - interval '15 min', '15 min') AS at`,
      [PERIOD.from, PERIOD.to],
    );
    reports = reportsOf(dataSource);
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  it.each(ZONES)(
    'return a time series with the days of the calendar and every message in %s',
    async (timezone) => {
      const calendar = new Intl.DateTimeFormat('en-CA', { timeZone: timezone, dateStyle: 'short' });
      const days = Map.groupBy(BUCKETS, (at) => calendar.format(at));
      for (const interval of INTERVALS) {
        const { series } = await reports.timeseries({ ...PERIOD, metric: 'received', interval, timezone });
        const points = series[0]!.points;
        expect(points.reduce((sum, { value }) => sum + value!, 0)).toBe(BUCKETS.length);
        expect(points.every(({ value }) => value! > 0)).toBe(true);
        expect(points.every(({ at }, index) => index === 0 || at > points[index - 1]!.at)).toBe(true);
        if (interval !== 'day') continue;
        expect(points.map(({ at, value }) => [calendar.format(at), value])).toEqual(
          [...days].map(([day, buckets]) => [day, buckets.length]),
        );
      }
    },
  );
});
