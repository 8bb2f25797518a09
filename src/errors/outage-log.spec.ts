import { beforeEach, describe, expect, it } from '@jest/globals';
import { OutageLog } from './outage-log.js';

describe('OutageLog', () => {
  let lines: string[];
  let nowMs: number;
  let outage: OutageLog;

  beforeEach(() => {
    lines = [];
    nowMs = 1000;
    const logger = {
      warn: (line: string) => lines.push(`warn ${line}`),
      log: (line: string) => lines.push(`log ${line}`),
    };
    outage = new OutageLog(logger, () => nowMs);
  });

  it('logs nothing while all is well', () => {
    outage.recovery();
    expect(lines).toEqual([]);
  });

  it('logs the first failure of an outage and its end, and so for the next outage', () => {
    for (const error of ['one', 'two', 'three']) outage.failure('Dispatch', new Error(error));
    nowMs += 2000;
    outage.recovery();
    outage.recovery();
    outage.failure('Dispatch', new Error('to +15550100001'));
    outage.recovery();
    expect(lines).toEqual([
      'warn Dispatch failing; retrying: Error: one',
      'log Dispatch recovered after 2 s and 3 failures',
      'warn Dispatch failing; retrying: Error: to (number)',
      'log Dispatch recovered after 0 s and 1 failure',
    ]);
  });

  it('logs a count each minute while an outage lasts', () => {
    for (let second = 0; second < 150; second++) {
      outage.failure('Dispatch', new Error('no connection'));
      nowMs += 1000;
    }
    expect(lines).toEqual([
      'warn Dispatch failing; retrying: Error: no connection',
      'warn Dispatch still failing after 60 s and 61 failures; retrying: Error: no connection',
      'warn Dispatch still failing after 120 s and 121 failures; retrying: Error: no connection',
    ]);
  });
});
