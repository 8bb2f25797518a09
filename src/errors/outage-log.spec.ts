import { beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { OutageLog } from './outage-log.js';

describe('OutageLog', () => {
  let lines: string[];
  let outage: OutageLog;

  beforeEach(() => {
    lines = [];
    const logger = new Logger();
    logger.warn = (line: string) => lines.push(`warn ${line}`);
    logger.log = (line: string) => lines.push(`log ${line}`);
    outage = new OutageLog(logger);
  });

  it('logs nothing while all is well', () => {
    outage.recovery();
    expect(lines).toEqual([]);
  });

  it('logs the first failure of an outage and its end, and so for the next outage', () => {
    for (const error of ['one', 'two', 'three']) outage.failure('Dispatch', new Error(error));
    outage.recovery();
    outage.recovery();
    outage.failure('Dispatch', new Error('to +15550100001'));
    expect(lines).toEqual([
      'warn Dispatch failing; retrying: Error: one',
      'log Dispatch recovered',
      'warn Dispatch failing; retrying: Error: to (number)',
    ]);
  });
});
