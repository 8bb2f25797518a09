import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import type { FailureCause } from '../../src/failures/failure-catalogue.js';
import type { FailureReactions } from '../../src/failures/failures.options.js';

const root = join(import.meta.dirname, '..', '..');

/** A class or interface whose properties are documented. */
export type DocumentedType = ts.InterfaceDeclaration | ts.ClassDeclaration;

/** A property of a class or an interface. */
export type DocumentedProperty = ts.PropertySignature | ts.PropertyDeclaration;

export function parse(file: string): ts.SourceFile {
  const path = join(root, file);
  return ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ES2024, true);
}

/** The class or interface of that name in a file; `undefined` when there is none. */
export function typeIn(source: ts.SourceFile, name: string): DocumentedType | undefined {
  return source.statements.find(
    (node): node is DocumentedType =>
      (ts.isInterfaceDeclaration(node) || ts.isClassDeclaration(node)) && node.name?.text === name,
  );
}

/** The properties of a class or an interface that have a name, in their order. */
export function propertiesOf(type: DocumentedType | ts.TypeLiteralNode): DocumentedProperty[] {
  return [...type.members].filter(
    (member): member is DocumentedProperty =>
      (ts.isPropertySignature(member) || ts.isPropertyDeclaration(member)) && ts.isIdentifier(member.name),
  );
}

/** The text of a declaration's doc comment, on one line. */
export function docOf(node: ts.Node): string {
  const [comment] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  return (ts.getTextOfJSDocComment(comment?.comment) ?? '').replaceAll(/\s+/g, ' ').trim();
}

/** Text of a cell. */
export function cell(text: string): string {
  return text.replaceAll(/\\?\|/g, '\\|');
}

/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map(cell).join(' | ')} |`)
    .join('\n');
}

const code = (text: string) => `\`${text}\``;

/** `MessageReceivedEvent` → its declaration. */
function eventClass(name: string): ts.ClassDeclaration {
  const file = name
    .replaceAll(/(?<!^)(?=[A-Z])/g, '-')
    .toLowerCase()
    .replace(/-event$/, '.event');
  const declaration = parse(`src/events/${file}.ts`).statements.find(ts.isClassDeclaration);
  if (!declaration) throw new Error(`src/events/${file}.ts has no class`);
  return declaration;
}

/** Event, class and meaning, from the doc comments of the event classes. */
export function eventsTable(classes: readonly { name: string; type: string }[]): string {
  const rows = classes.map(({ name, type }) => {
    const meaning = docOf(eventClass(name)).replace(/^Fired (?:when|for) /, '');
    return [code(type), code(name), meaning, isMessageEvent(name) ? 'all' : 'those of every event'];
  });
  return table(['type', 'class', 'fired when / for', 'fields'], rows);
}

function isMessageEvent(name: string): boolean {
  return (
    eventClass(name).heritageClauses?.some((clause) => clause.getText().includes('MessageEvent')) ?? false
  );
}

/** The fields of events, from the doc comments of the interfaces that their base classes implement. */
export function fieldsTable(): string {
  const rowsOf = (file: string, type: string, of: string) =>
    propertiesOf(typeIn(parse(file), type)!).map((field) => [
      code(field.name.getText()),
      code(field.type!.getText()),
      of,
      docOf(field),
    ]);
  const base = eventTypeField();
  return table(
    ['field', 'type', 'of', 'what'],
    [
      base,
      ...rowsOf('src/events/postack-event.ts', 'PostackEventEnvelope', 'every event'),
      ...rowsOf('src/events/message-event.ts', 'MessageFields', 'message events'),
    ],
  );
}

function eventTypeField(): string[] {
  const event = typeIn(parse('src/events/postack-event.ts'), 'PostackEvent')!;
  const field = propertiesOf(event).find(({ name }) => name.getText() === 'type')!;
  return [code('type'), code(field.type!.getText()), 'every event', docOf(field)];
}

/** Where each field is found in the payload, by default. */
export function payloadTable(mapping: Readonly<Record<string, readonly string[]>>): string {
  const fields = propertiesOf(typeIn(parse('src/events/payload-mapping.ts'), 'PayloadMapping')!);
  const rows = fields.map((field) => {
    const name = field.name.getText();
    return [
      code(name),
      (mapping[name] ?? []).map(code).join(', '),
      docOf(field).replace(/ ?Default `\[.*?\]`\./, ''),
    ];
  });
  return table(['option', 'default paths', 'what'], rows);
}

/** Code, cause, meaning, what an operator should do and the default reaction, from the catalogue. */
export function failuresTable(
  catalogue: Readonly<Record<string, FailureCause>>,
  reactions: FailureReactions,
): string {
  const rows = Object.entries(catalogue).map(([errorCode, { causeClass, meaning, action }]) => [
    code(errorCode),
    causeClass,
    meaning,
    action,
    (reactions[errorCode] ?? reactions[causeClass] ?? []).map(code).join(', '),
  ]);
  return table(['code', 'cause', 'meaning', 'what an operator should do', 'default reaction'], rows);
}

/** Metric, unit, and what it can be grouped by. */
export function metricsTable(metrics: Readonly<Record<string, readonly string[]>>): string {
  const rows = Object.entries(metrics).map(([metric, groupings]) => [
    code(metric),
    metric.endsWith('Rate') ? 'share, 0 to 1' : 'count',
    groupings.map(code).join(', ') || 'nothing',
  ]);
  return table(['metric', 'unit', 'can be grouped by'], rows);
}

/** The content between two `generated` marks of a text, replaced. */
export function replaceGenerated(text: string, name: string, content: string): string {
  const escaped = name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const marks = new RegExp(`(<!-- generated: ${escaped} -->\\n)[^]*?(<!-- /generated -->)`);
  if (!marks.test(text))
    throw new Error(`There are no marks <!-- generated: ${name} --> … <!-- /generated -->`);
  return text.replace(marks, (_all, start: string, end: string) => `${start}\n${content}\n\n${end}`);
}

/** The names of all `generated` marks of a text. */
export function generatedIn(text: string): string[] {
  return [...text.matchAll(/^<!-- generated: (.+) -->$/gm)].map(([, name = '']) => name);
}
