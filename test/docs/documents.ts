import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..', '..');

/** Every document that a reader is sent to, relative to the repository. */
export const DOCUMENTS = [
  'README.md',
  'CHANGELOG.md',
  ...globSync('.github/*.md', { cwd: root }),
  ...globSync('src/**/README.md', { cwd: root }),
].sort();

/** README and the guides: what a user reads. */
export const GUIDES = DOCUMENTS.filter((file) => file.endsWith('README.md'));

export function textOf(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

/** A fenced block of a document. */
export interface Block {
  /** Document and line of the opening fence. */
  where: string;
  /** `ts`, `sh`, `sql`, … */
  language: string;
  content: string;
}

/** Every fenced block of a document. */
export function blocksOf(file: string): Block[] {
  const text = textOf(file);
  return [...text.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].map(
    ({ index, 1: language = '', 2: content = '' }) => ({
      where: `${file}:${text.slice(0, index).split('\n').length}`,
      language,
      content,
    }),
  );
}

/** A document without its fenced blocks. */
export function proseOf(file: string): string {
  return textOf(file).replaceAll(/^```\w*\n[^]*?^```$/gm, '');
}

/** The anchors of a document's headings, as GitHub makes them. */
export function anchorsOf(file: string): string[] {
  return [...proseOf(file).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-'),
  );
}

/** The targets of a document's relative links. */
export function relativeLinksOf(file: string): string[] {
  return [...proseOf(file).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}
