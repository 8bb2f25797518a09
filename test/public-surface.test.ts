import { describe, expect, it } from '@jest/globals';
import { exportsOf } from './support/compiler.js';

// A change here is a change for every user: it belongs into CHANGELOG.md.
describe('the public surface', () => {
  it('of nestjs-postack is what it was', () => {
    expect(exportsOf('src/index.ts')).toMatchSnapshot();
  });

  it('of nestjs-postack/testing is what it was', () => {
    expect(exportsOf('src/testing/index.ts')).toMatchSnapshot();
  });
});
