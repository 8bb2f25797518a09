import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { PACKAGE_VERSION } from './package-version.js';

it('is the version in package.json', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(PACKAGE_VERSION).toBe(version);
});
