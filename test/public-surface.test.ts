import { describe, expect, it } from '@jest/globals';
import { exportsOf, packageEntries } from './support/compiler.js';

// A change here is a change for every user: add it to CHANGELOG.md.
describe('the public surface', () => {
  it.each(Object.entries(packageEntries()))('of %s is what it was', (_entry, source) => {
    expect(exportsOf(source)).toMatchSnapshot();
  });

  it('of nestjs-postack has at most 160 names', () => {
    expect(exportsOf('src/index.ts').length).toBeLessThanOrEqual(160);
  });

  it('has these entries', () => {
    expect(Object.keys(packageEntries())).toEqual([
      'nestjs-postack',
      'nestjs-postack/api',
      'nestjs-postack/replies',
      'nestjs-postack/failures',
      'nestjs-postack/reports',
      'nestjs-postack/admin',
      'nestjs-postack/testing',
      'nestjs-postack/simulator',
    ]);
  });
});
