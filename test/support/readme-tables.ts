import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import type { FailureCause } from '../../src/failures/failure-catalogue.js';
import type { FailureReactions } from '../../src/failures/failures.options.js';

const root = join(import.meta.dirname, '..', '..');

function parse(file: string): ts.SourceFile {
  const path = join(root, file);
  return ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ES2024, true);
}

/** The text of a declaration's doc comment, on one line. */
function docOf(node: ts.Node): string {
  const [comment] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  return (ts.getTextOfJSDocComment(comment?.comment) ?? '').replaceAll(/\s+/g, ' ').replaceAll('|', '\\|');
}

function table(head: string[], rows: string[][]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Event, class and meaning, from the doc comments of the event classes. */
export function eventsTable(classes: readonly { name: string; type: string }[]): string {
  const rows = classes.map(({ name, type }) => {
    const file = name
      .replaceAll(/(?<!^)(?=[A-Z])/g, '-')
      .toLowerCase()
      .replace(/-event$/, '.event');
    const source = parse(`src/events/${file}.ts`);
    const declaration = source.statements.find(ts.isClassDeclaration);
    return [`\`${type}\``, `\`${name}\``, docOf(declaration!).replace(/^Fired (?:when|for) /, '')];
  });
  return table(['type', 'class', 'fired when / for'], rows);
}

/** Option, type and meaning, from the doc comments of `PostackModuleOptions`. */
export function optionsTable(): string {
  const source = parse('src/postack.options.ts');
  const options = source.statements.find(
    (node): node is ts.InterfaceDeclaration =>
      ts.isInterfaceDeclaration(node) && node.name.text === 'PostackModuleOptions',
  );
  const rows = options!.members
    .filter(ts.isPropertySignature)
    .map((member) => [
      `\`${member.name.getText()}\``,
      `\`${member.type!.getText().replaceAll('|', '\\|')}\``,
      docOf(member),
    ]);
  return table(['option', 'type', 'what'], rows);
}

/** Code, cause, meaning, what a person should do and what is done by itself, from the catalogue. */
export function failuresTable(
  catalogue: Readonly<Record<string, FailureCause>>,
  reactions: FailureReactions,
): string {
  const rows = Object.entries(catalogue).map(([code, { causeClass, meaning, action }]) => [
    `\`${code}\``,
    causeClass,
    meaning,
    action,
    (reactions[code] ?? reactions[causeClass] ?? []).map((reaction) => `\`${reaction}\``).join(', '),
  ]);
  return table(['code', 'cause', 'what it means', 'what a person should do', 'what is done'], rows);
}

/** The content between two `generated` marks of a text, replaced. */
export function replaceGenerated(text: string, name: string, content: string): string {
  const marks = new RegExp(`(<!-- generated: ${name} -->\\n)[^]*?(<!-- /generated -->)`);
  if (!marks.test(text)) throw new Error(`README.md has no marks for "${name}"`);
  return text.replace(marks, (_all, start: string, end: string) => `${start}\n${content}\n\n${end}`);
}
