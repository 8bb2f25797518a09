import { afterAll, expect, it } from '@jest/globals';
import { REPORTS, ServiceProcesses } from '../support/service-process.js';

const processes = new ServiceProcesses();
afterAll(() => processes.clear());

it.each(['localhost:3999', 'example', 'file:///tmp'])(
  'the command for reports rejects --url %s',
  async (url) => {
    const cwd = await processes.directory();
    const command = processes.run([REPORTS, 'rebuild', '--since', '2026-01-01', '--url', url], cwd);
    expect({ exit: await command.exit, stderr: command.stderr }).toEqual({
      exit: 1,
      stderr: `--url must be the URL of the service, such as http://localhost:3000, not "${url}"\n`,
    });
  },
);
