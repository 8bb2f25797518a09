import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { exportsOf } from './support/compiler.js';

const MANIFEST = join(import.meta.dirname, '..', 'package.json');

/** Entry of `package.json` → its source. */
const ENTRIES: [entry: string, source: string][] = [
  ['nestjs-postack', 'src/index.ts'],
  ['nestjs-postack/testing', 'src/testing/index.ts'],
  ['nestjs-postack/simulator', 'src/simulator/index.ts'],
];

// A change here is a change for every user: add it to CHANGELOG.md.
describe('the public surface', () => {
  it.each(ENTRIES)('of %s is what it was', (_entry, source) => {
    expect(exportsOf(source)).toMatchSnapshot();
  });

  it('has no other entries', async () => {
    const { exports } = JSON.parse(await readFile(MANIFEST, 'utf8')) as { exports: object };
    const entries = Object.keys(exports).filter((entry) => entry !== './package.json');
    expect(entries.map((entry) => entry.replace(/^\./, 'nestjs-postack'))).toEqual(
      ENTRIES.map(([entry]) => entry),
    );
  });
});
