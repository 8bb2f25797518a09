import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ServiceLogger } from './service-logger.js';

describe('the log of the service', () => {
  let stdout: string;
  let stderr: string;

  beforeEach(() => {
    [stdout, stderr] = ['', ''];
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((stdout += String(text))));
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean((stderr += String(text))));
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  const framework = ['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestApplication'];

  it('omits the lines of Nest about its own start', () => {
    const logger = new ServiceLogger('log');
    for (const context of framework) logger.log('Mapped {/health/live, GET} route', context);
    expect(stdout).toBe('');
  });

  it.each(['debug', 'verbose'] as const)('has everything at the level %s', (level) => {
    const logger = new ServiceLogger(level);
    for (const context of framework) logger.log('A line', context);
    expect(stdout.trim().split('\n')).toHaveLength(framework.length);
  });

  it('has our own lines, one each, with a time that machines can sort', () => {
    new ServiceLogger('log').log('Receiving webhooks', 'Postack');
    expect(stdout).toMatch(
      /^\[postack\] \d+ {2}- \d{4}-\d\d-\d\dT[\d:.]+Z {5}LOG \[Postack\] Receiving webhooks\n$/,
    );
  });

  it('keeps every warning and error, whatever its context', () => {
    const logger = new ServiceLogger('error');
    for (const context of framework) logger.error('It broke', 'Error: It broke\n    at start', context);
    logger.fatal('It is over', 'Postack');
    expect(stderr.match(/It broke\n/g)).toHaveLength(2 * framework.length);
    expect(stderr).toContain('    at start');
    expect(stderr).toContain('It is over');

    const chatty = new ServiceLogger('warn');
    for (const context of framework) chatty.warn('Take care', context);
    expect(stdout.match(/Take care\n/g)).toHaveLength(framework.length);
  });

  it('does not repeat the startup error that main.ts prints', () => {
    new ServiceLogger('log').error(new Error('No database'), 'ExceptionHandler');
    expect(stdout + stderr).toBe('');
  });

  it('has no more than its level asks for', () => {
    const logger = new ServiceLogger('warn');
    logger.log('A line', 'Postack');
    logger.debug('A line', 'Postack');
    expect(stdout).toBe('');
  });
});
