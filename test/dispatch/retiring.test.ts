import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, Logger } from '@nestjs/common';
import { OnPostackEvent, ListenerControl } from '../../src/index.js';
import { AbsentListeners } from '../../src/dispatch/absent-listeners.js';
import { waitForEvent } from '../../src/testing/index.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { messageBody, startTestApplication, type TestApplication } from '../support/test-application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const DAY_MS = 86_400_000;

@Injectable()
class Crm {
  readonly heard: string[] = [];

  @OnPostackEvent('*', { name: 'crm' })
  crm({ id }: { id: string }): void {
    this.heard.push(id);
  }
}

@Injectable()
class Other {
  @OnPostackEvent('*', { name: 'other' })
  other(): void {
    // Only that it is there.
  }
}

describe('A listener that no process has any more', () => {
  let database: TestDatabase;
  let app: TestApplication | undefined;
  beforeEach(async () => {
    database = await createTestDatabase();
    const before = await startTestApplication({ database, providers: [Crm, Other] });
    await before.close();
    app = await startTestApplication({ database, providers: [Other] });
  });
  afterEach(async () => {
    await app?.close();
    await database.drop();
  });

  const post = async () => {
    const { id } = await app!.post(messageBody('message.received'));
    await waitForEvent(app!.application, id, ({ listeners }) =>
      listeners.some(({ name, status }) => name === 'other' && status === 'done'),
    );
    return id;
  };
  const statuses = () =>
    database.query(
      `SELECT status, count(*)::int FROM postack.delivery WHERE handler = 'crm' GROUP BY status`,
    );

  it('gets its events when it is back', async () => {
    const ids = [await post(), await post()];
    expect(await statuses()).toEqual([{ status: 'pending', count: 2 }]);
    await app!.close();
    app = await startTestApplication({ database, providers: [Crm, Other] });
    for (const id of ids) await waitForEvent(app.application, id, ({ status }) => status === 'done');
    expect(app.application.get(Crm).heard.toSorted()).toEqual(ids.toSorted());
  });

  it('is reported in the log after `absentListenerDays`, once a day, with what waits for it', async () => {
    await post();
    const logger = new RecordingLogger();
    Logger.overrideLogger(logger);
    const absent = app!.application.get(AbsentListeners, { strict: false });
    const reports = () => logger.lines.filter((line) => line.includes('has not run'));
    try {
      await absent.report(Date.now() + 2 * DAY_MS);
      expect(reports()).toEqual([]);
      await absent.report(Date.now() + 7.5 * DAY_MS);
      await absent.report(Date.now() + 7.6 * DAY_MS);
    } finally {
      Logger.overrideLogger(false);
    }
    expect(reports()).toEqual([
      'The listener crm has not run in any process for 7 days; 1 deliveries wait for it, 0 are dead letters. ' +
        'Deploy it again, or retire it: DELETE /api/v1/listeners/crm?reason=…',
    ]);
  });

  it('is retired: what waits is discarded, and nothing more is delivered to it', async () => {
    const control = app!.application.get(ListenerControl);
    await expect(control.retire('other', 'gone')).rejects.toMatchObject({ name: 'ListenerInUseError' });
    await expect(control.retire('nobody', 'gone')).rejects.toMatchObject({ name: 'HandlerNotFoundError' });
    const ids = [await post(), await post()];
    expect(await control.retire('crm', 'replaced')).toBe(2);
    for (const id of ids) await waitForEvent(app!.application, id, ({ status }) => status === 'done');
    await post();
    expect(await statuses()).toEqual([{ status: 'discarded', count: 2 }]);
    expect(await control.find('crm')).toBeNull();
  });

  it('leaves nothing behind when it is retired while its events are dispatched', async () => {
    // The batch has been claimed, with the listener among its subscribers, and its commit is still to come.
    const lock = app!.dataSource.createQueryRunner();
    await lock.startTransaction();
    await lock.query('LOCK TABLE postack.delivery IN SHARE ROW EXCLUSIVE MODE');
    const { id } = await app!.post(messageBody('message.received'));
    let isBlocked = false;
    while (!isBlocked) {
      const rows = await database.query(
        `SELECT FROM pg_locks WHERE NOT granted AND relation = 'postack.delivery'::regclass`,
      );
      isBlocked = rows.length > 0;
    }
    const retiring = app!.application.get(ListenerControl).retire('crm', 'replaced');
    let subscriptions = 1;
    while (subscriptions > 0) {
      subscriptions = (await database.query(`SELECT FROM postack.subscription WHERE handler = 'crm'`)).length;
    }
    await lock.commitTransaction();
    await lock.release();
    expect(await retiring).toBe(1);
    await waitForEvent(app!.application, id, ({ status }) => status === 'done');
    expect(await statuses()).toEqual([{ status: 'discarded', count: 1 }]);
  });
});
