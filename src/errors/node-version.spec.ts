import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { nodeVersionProblem } from './node-version.js';

describe('nodeVersionProblem', () => {
  it.each(['22.13.0', '22.21.1', '24.11.0', '24.21.0', '25.0.0', '26.1.0'])('takes %s', (version) => {
    expect(nodeVersionProblem(version)).toBeUndefined();
  });

  it.each(['18.20.0', '20.19.5', '22.12.0', '23.11.0', '24.10.0'])(
    'refuses %s in one sentence',
    (version) => {
      expect(nodeVersionProblem(version)).toBe(
        `nestjs-postack needs Node.js 22.13 or later, or 24.11 or later; this is ${version}`,
      );
    },
  );

  it('says what package.json says', () => {
    const { engines } = JSON.parse(readFileSync('package.json', 'utf8')) as { engines: { node: string } };
    expect(engines.node).toBe('^22.13 || >=24.11');
  });
});
