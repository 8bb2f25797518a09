import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { REPORTS, ServiceProcesses } from '../support/service-process.js';
import { messageBody } from '../support/test-application.js';
import { startTestService, TEST_ADMIN_KEY, type TestService } from '../support/test-service.js';

describe('npm run reports', () => {
  const processes = new ServiceProcesses();
  let service: TestService;

  beforeAll(async () => {
    service = await startTestService();
  });
  afterAll(async () => {
    await service.close();
    await processes.clear();
  });

  async function run(args: string[], environment: Record<string, string> = {}) {
    const cwd = await processes.directory();
    const url = ['--url', service.running.origin];
    const command = processes.run([REPORTS, ...url, ...args], cwd, {
      POSTACK_ADMIN_KEY: TEST_ADMIN_KEY,
      ...environment,
    });
    return { exit: await command.exit, stdout: command.stdout, stderr: command.stderr };
  }

  it.each(['localhost:3999', 'example', 'file:///tmp'])('rejects --url %s', async (url) => {
    expect(await run(['rebuild', '--since', '2026-01-01', '--url', url])).toMatchObject({
      exit: 1,
      stderr: `--url must be the URL of the service, such as http://localhost:3000, not "${url}"\n`,
    });
  });

  it('waits until acknowledged events are in the figures', async () => {
    await service.post(messageBody('message.received'));
    expect(await run(['wait'])).toMatchObject({
      exit: 0,
      stdout: expect.stringMatching(/^The reports are complete up to 20\S+Z\n$/),
    });
    const { body } = await service.get<{ messages: { received: number } }>('/api/v1/reports/summary');
    expect(body.messages.received).toBe(1);
  });

  it('gives up waiting when an event is not dispatched in time', async () => {
    const blocking = service.running.application.get(DataSource).createQueryRunner();
    await blocking.startTransaction();
    await blocking.query('LOCK TABLE postack.message IN EXCLUSIVE MODE');
    await service.post(messageBody('message.received'));
    expect(await run(['wait', '--timeout', '0'])).toMatchObject({
      exit: 1,
      stderr: expect.stringMatching(
        /^After 0 s, the reports are complete only up to 20\S+Z: events are waiting to be dispatched/,
      ),
    });
    await blocking.rollbackTransaction();
    await blocking.release();
    expect(await run(['wait'])).toMatchObject({ exit: 0 });
  });

  it('rebuilds, and says when it is done', async () => {
    expect(await run(['rebuild', '--since', '2026-01-01'])).toMatchObject({
      exit: 0,
      stdout: expect.stringMatching(/^(?:\d of 2 hours, or parts of hours, computed\n)*2 of 2 .*\nDone\.\n$/),
    });
  });

  it('says what is wrong', async () => {
    expect(await run([])).toMatchObject({
      exit: 1,
      stdout: expect.stringMatching(/^Usage: npm run reports/),
    });
    expect(await run(['rebuild'])).toMatchObject({ exit: 1, stdout: expect.stringMatching(/^Usage/) });
    expect(await run(['wait', '--timeout', 'soon'])).toMatchObject({
      exit: 1,
      stderr: '--timeout must be a number of seconds, not "soon"\n',
    });
    expect(await run(['wait'], { POSTACK_ADMIN_KEY: 'wrong' })).toMatchObject({
      exit: 1,
      stderr: expect.stringMatching(/^The service responded with 401: /),
    });
    expect(await run(['wait', '--url', 'http://localhost:1'])).toMatchObject({
      exit: 1,
      stderr: 'No response from http://localhost:1. Is the service running? Start it with: npm start\n',
    });
  });
});
