import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

const root = join(import.meta.dirname, '..');

/** Words and phrases that plain engineering English does without. */
const BANNED = new RegExp(
  [
    'nobody',
    'somebody',
    'whoever',
    'whomever',
    '(?:is|are|was|were|be|been|being) told',
    'told of',
    'tells? of',
    'go(?:es)? on',
    'tried again',
    'side by side',
    'hand(?:s|ed)? out',
    'is away',
    'anybody',
    'hardly',
    'made to wait',
    'anew',
    'mend(?:s|ed|ing)?',
    'for want of',
    'as if nothing',
    'in vain',
    'for ever',
    'hears? of',
    'what becomes? of',
    'what became of',
    'has to do with',
    'how manieth',
    'a person has to',
  ]
    .map((phrase) => `\\b${phrase}\\b`)
    .join('|'),
  'i',
);

/** File → why a banned word is right there. None at present. */
const ALLOWED: Readonly<Record<string, string>> = {};

describe('the wording of src/', () => {
  it('is plain English in strings and comments', async () => {
    const files = await sourceFiles();
    expect(files.length).toBeGreaterThan(100);
    const found = await Promise.all(
      files.filter((file) => !(file in ALLOWED)).map(async (file) => bannedIn(file, await text(file))),
    );
    expect(found.flat()).toEqual([]);
  });

  it('would be noticed', () => {
    const source =
      "// Nobody does.\nconst text = `It goes on ${1} anew`;\n/** Mended. */ log('told of it');\nanew();";
    expect(bannedIn('a.ts', source)).toHaveLength(5);
  });
});

function text(file: string): Promise<string> {
  return readFile(join(root, file), 'utf8');
}

async function sourceFiles(): Promise<string[]> {
  const entries = await readdir(join(root, 'src'), { recursive: true });
  return entries
    .filter((entry) => entry.endsWith('.ts') && !entry.endsWith('.spec.ts'))
    .map((entry) => join('src', entry));
}

/** `file:line: text` for each string or comment with a banned word. */
function bannedIn(file: string, source: string): string[] {
  const found: string[] = [];
  const check = (start: number, end: number) => {
    const part = source.slice(start, end);
    if (!BANNED.test(part)) return;
    const line = source.slice(0, start + part.search(BANNED)).split('\n').length;
    found.push(`${file}:${line}: ${part.replaceAll(/\s+/g, ' ').slice(0, 160)}`);
  };
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const comments = new Set<number>();
  const visit = (node: ts.Node) => {
    const isText =
      ts.isStringLiteralLike(node) ||
      ts.isTemplateHead(node) ||
      ts.isTemplateMiddle(node) ||
      ts.isTemplateTail(node);
    if (isText) check(node.getStart(tree), node.end);
    const ranges = [
      ...(ts.getLeadingCommentRanges(source, node.getFullStart()) ?? []),
      ...(ts.getTrailingCommentRanges(source, node.end) ?? []),
    ];
    for (const { pos, end } of ranges) {
      if (!comments.has(pos)) check(pos, end);
      comments.add(pos);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  // Comments before the end of the file belong to no child.
  for (const { pos, end } of ts.getLeadingCommentRanges(source, tree.endOfFileToken.getFullStart()) ?? []) {
    if (!comments.has(pos)) check(pos, end);
  }
  return found;
}
