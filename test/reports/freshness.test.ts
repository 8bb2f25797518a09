import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Reports } from '../../src/reports/index.js';
import { waitForReports } from '../../src/testing/index.js';
import { messageBody, startTestApplication, type TestApplication } from '../support/test-application.js';

describe('The asOf of reports', () => {
  let host: TestApplication;
  let reports: Reports;

  beforeAll(async () => {
    host = await startTestApplication();
    reports = host.application.get(Reports);
  });
  afterAll(() => host.close());

  it('is the time of the request when nothing is waiting', async () => {
    const { now } = await reports.freshness();
    const asOf = await waitForReports(host.application);
    expect(asOf.getTime()).toBeGreaterThanOrEqual(now.getTime());
    const summary = await reports.summary();
    expect(summary.asOf.getTime()).toBeGreaterThanOrEqual(asOf.getTime());
  });

  it('stands still while an acknowledged event is not dispatched, and goes on with it', async () => {
    const blocking = host.dataSource.createQueryRunner();
    await blocking.startTransaction();
    await blocking.query('LOCK TABLE postack.message IN EXCLUSIVE MODE');
    const answer = await host.post(messageBody('message.received'));
    expect(answer.status).toBe(204);
    const [stored] = await host.database.query<{ received_at: Date }>(
      'SELECT received_at FROM postack.inbox_event WHERE svix_id = $1',
      [answer.id],
    );
    const before = await reports.summary();
    expect(before.asOf).toEqual(stored!.received_at);
    expect(before.messages.received).toBe(0);
    await expect(waitForReports(host.application, { timeoutMs: 50 })).rejects.toThrow(
      /^The reports were not complete up to \S+ within 50 ms; they are complete up to /,
    );
    await blocking.rollbackTransaction();
    await blocking.release();
    await waitForReports(host.application);
    const after = await reports.summary();
    expect(after.asOf.getTime()).toBeGreaterThan(stored!.received_at.getTime());
    expect(after.messages.received).toBe(1);
  });

  it('lets a test wait for the figures of each event', async () => {
    for (let event = 0; event < 8; event += 1) {
      await host.post(messageBody('message.received'));
      await waitForReports(host.application);
      const { messages } = await reports.summary({ from: new Date(0) });
      expect(messages.received).toBe(2 + event);
    }
  });
});
