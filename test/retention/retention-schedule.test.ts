import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PgBossService } from '../../src/jobs/pg-boss.service.js';
import type { PostackModuleOptions } from '../../src/index.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { startTestApplication, type TestApplication } from '../support/test-application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';
import { storeOldEvents, stored } from './old-events.js';

describe('RetentionSchedule', () => {
  let database: TestDatabase;
  let apps: TestApplication[];
  const logger = new RecordingLogger();

  async function start(options: Partial<PostackModuleOptions> = {}): Promise<TestApplication> {
    const app = await startTestApplication({
      database,
      options,
      configure: (application) => {
        application.useLogger(logger);
      },
    });
    apps.push(app);
    return app;
  }
  const bossOf = (app: TestApplication | undefined) =>
    app!.application.get(PgBossService, { strict: false }).boss;

  beforeEach(async () => {
    database = await createTestDatabase();
    apps = [];
    logger.lines.length = 0;
  });
  afterEach(async () => {
    for (const app of apps) await app.close();
    await database.drop();
  });

  it('has it run every ten minutes: the job that pg-boss makes of it removes what is due', async () => {
    await start();
    await start();
    await expect(bossOf(apps[0]).getSchedules('retention')).resolves.toMatchObject([
      { name: 'retention', cron: '*/10 * * * *' },
    ]);
    await storeOldEvents(database, 700, 31);
    await storeOldEvents(database, 1, 91);
    await bossOf(apps[0]).send('retention');
    await waitUntil(() => logger.lines.find((line) => line.startsWith('Removed ')), {
      what: () => logger.lines.join('\n'),
    });
    expect(logger.lines.find((line) => line.startsWith('Removed '))).toMatch(
      /^Removed 700 payloads of events older than 30 days and 1 events older than 90 days in [\d.]+ s$/,
    );
    await expect(stored(database)).resolves.toMatchObject({ events: 700, bodies: 0 });
  });

  it('lets one job wait or run at a time, for all processes', async () => {
    await start();
    // On no worker's mind before its time.
    const startAfter = 3600;
    await expect(bossOf(apps[0]).send('retention', null, { startAfter })).resolves.toEqual(
      expect.any(String),
    );
    await expect(bossOf(apps[0]).send('retention', null, { startAfter })).resolves.toBeNull();
  });

  it('does not hold up a process that stops: the next run continues', async () => {
    const app = await start();
    await storeOldEvents(database, 20_000, 31);
    await bossOf(app).send('retention');
    await waitUntil(async () => ((await stored(database)).bodies < 20_000 ? true : undefined), {
      what: () => 'the first bodies to be removed',
    });
    apps.pop();
    await app.close();
    const { bodies } = await stored(database);
    expect(bodies).toBeGreaterThan(0);
    expect(logger.lines.join('\n')).toContain('; more events remain for the next run');
    expect(logger.lines.join('\n')).not.toContain('Retention failed');
    const jobs = await database.query(`SELECT state FROM postack_jobs.job WHERE name = 'retention'`);
    expect(jobs).toEqual([{ state: 'completed' }]);
  });

  it('is not made by a process that only accepts', async () => {
    const app = await start({ role: 'accept' });
    await bossOf(app).start();
    await expect(bossOf(app).getSchedules('retention')).resolves.toEqual([]);
    await bossOf(app).stop();
  });

  it('is taken back when everything is to be kept', async () => {
    await start();
    await start({ retention: false });
    await expect(bossOf(apps[1]).getSchedules('retention')).resolves.toEqual([]);
  });
});
