import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const PROGRAM = join(import.meta.dirname, '..', '..', 'dist', 'src', 'demo', 'demo.js');

describe('npm run demo', () => {
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'nestjs-postack-demo-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  it('shows messages, answers, receipts, an opt-out and a loop that is stopped, and ends', async () => {
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      [PROGRAM, '--once', '--port', '0', '--data-dir', join(directory, 'data')],
      { cwd: directory },
    );
    expect(stderr).toBe('');
    const shown = stdout
      .split('\n')
      .filter((line) => /^ +\d+\.\d s {2}/.test(line))
      .map((line) => line.replace(/^.*? s +/, '').replaceAll(/ +/g, ' '));
    expect(shown).toEqual([
      'Anna → us What are your opening hours?',
      'us → Anna We are open from 9 to 18, Monday to Friday.',
      '✓ Anna delivered',
      'Ben → us order 4711',
      'us → Ben Order 4711 is on its way.',
      '✓ Ben delivered',
      'Dora → us Hello?',
      'us → Dora Thanks, we will get back to you.',
      '✗ Dora undelivered, error code 30003',
      'Carl → us Stop.',
      'us → Carl You are unsubscribed and will get no more messages. Reply START to resume.',
      '✓ Carl delivered',
      'us ‖ Carl held (opted-out): Carl, your order has been shipped.',
      'Robot → us Beep',
      ...Array.from({ length: 3 }, () => [
        'us → Robot Thanks, we will get back to you.',
        '✓ Robot delivered',
      ]).flat(),
      'us ‖ Robot held (identical-text): Thanks, we will get back to you.',
    ]);
  }, 120_000);

  it('rejects unknown options, and prints its usage', async () => {
    const refused = promisify(execFile)(process.execPath, [PROGRAM, '--fast'], { cwd: directory });
    await expect(refused).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/--fast[^]*Usage: npm run demo/),
    });
  });
});
