import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';

const root = join(import.meta.dirname, '..', '..');

/** Compares a generated text with a committed file; with UPDATE_GENERATED=1 it is written instead. */
export async function toMatchFile(text: string, file: string): Promise<void> {
  const path = join(root, file);
  if (process.env['UPDATE_GENERATED'] === '1') await writeFile(path, text);
  expect(await readFile(path, 'utf8')).toBe(text);
}
