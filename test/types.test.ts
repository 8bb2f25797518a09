import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { typeErrorsIn } from './support/compiler.js';

it('the types of the decorators accept right use and refuse wrong use', () => {
  const directory = join(import.meta.dirname, 'types');
  const files = readdirSync(directory).map((file) => join(directory, file));
  expect(files).not.toHaveLength(0);
  expect(typeErrorsIn(files)).toBe('');
});
