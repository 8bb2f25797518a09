import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { getMetadataStorage } from 'class-validator';
import ts from 'typescript';
import { docOf, parse, propertiesOf, typeIn, type DocumentedProperty } from '../support/readme-tables.js';
import { root } from './documents.js';

/** One option, for a row of a table. */
export interface Option {
  /** With a dot for each level: `replies.optOut.scope`; `*` stands for any name. */
  name: string;
  type: string;
  /** The range or the values that its rules allow; empty when the type says it all. */
  values: string;
  default: string;
  what: string;
}

/** A type node, with the file in which its names are to be looked up. */
interface Located<Node extends ts.Node> {
  node: Node;
  file: string;
}

/** What is a type's own affair, and has no options inside. */
const LEAVES = new Set([
  'PayloadMapping',
  'PostackClient',
  'RequestRate',
  'EventTypeMap',
  'FailureCatalogue',
  'FailureReactions',
]);

/** Types that are made of another one, by their first argument. */
const WRAPPERS = new Set(['Partial', 'Readonly', 'Required', 'Omit', 'Pick', 'DeepPartial', 'Input']);

/** Every option of a type, those of its parts included. */
export async function optionsOf(file: string, typeName: string, prefix = ''): Promise<Option[]> {
  const declared = declarationOf({ name: typeName, file });
  if (!declared) throw new Error(`${file} has no type "${typeName}"`);
  return optionsIn(declared, prefix);
}

type Declaration = ts.InterfaceDeclaration | ts.ClassDeclaration | ts.TypeLiteralNode | ts.TypeNode;

async function optionsIn({ node, file }: Located<Declaration>, prefix: string): Promise<Option[]> {
  if (ts.isInterfaceDeclaration(node) || ts.isClassDeclaration(node)) {
    const bases = (node.heritageClauses ?? [])
      .filter(({ token }) => token === ts.SyntaxKind.ExtendsKeyword)
      .flatMap(({ types }) => types);
    const inherited = await Promise.all(bases.map((base) => optionsOfReference(base, file, prefix)));
    const facts = await factsOf(node, file);
    return [...(await ownOptions(propertiesOf(node), file, prefix, facts)), ...inherited.flat()];
  }
  if (ts.isTypeLiteralNode(node)) return ownOptions(propertiesOf(node), file, prefix, NO_FACTS);
  if (ts.isIntersectionTypeNode(node)) {
    const parts = await Promise.all(node.types.map((part) => optionsIn({ node: part, file }, prefix)));
    return parts.flat();
  }
  if (ts.isTypeReferenceNode(node)) return optionsOfReference(node, file, prefix);
  return [];
}

async function optionsOfReference(
  node: ts.TypeReferenceNode | ts.ExpressionWithTypeArguments,
  file: string,
  prefix: string,
): Promise<Option[]> {
  const name = (ts.isTypeReferenceNode(node) ? node.typeName : node.expression).getText();
  const [argument, keys] = node.typeArguments ?? [];
  if (WRAPPERS.has(name) && argument) {
    const options = await optionsIn({ node: argument, file }, prefix);
    const named = new Set(
      [...(keys?.getText() ?? '').matchAll(/'(\w+)'/g)].map(([, key]) => `${prefix}${key}`),
    );
    if (name !== 'Omit' && name !== 'Pick') return options;
    return options.filter((option) => {
      const [own = ''] = option.name.slice(prefix.length).split('.');
      const key = prefix + own;
      return named.has(key) === (name === 'Pick');
    });
  }
  const declared = declarationOf({ name, file });
  return declared ? optionsIn(declared, prefix) : [];
}

async function ownOptions(
  properties: readonly DocumentedProperty[],
  file: string,
  prefix: string,
  facts: Facts,
): Promise<Option[]> {
  const rows = await Promise.all(
    properties
      .filter((property) => docOf(property) !== '')
      .map(async (property) => {
        const name = prefix + property.name.getText();
        const type = property.type?.getText().replaceAll(/\s+/g, ' ') ?? '';
        const parts = await partsOf(property.type, file, name);
        const isGroup = parts.length > 0 && !isUnion(property.type);
        return isGroup
          ? parts
          : [described(property, name, literalsOf(property.type, file) ?? type, facts), ...parts];
      }),
  );
  return rows.flat();
}

/** The values of a type that is nothing but a list of texts, under whatever name. */
function literalsOf(type: ts.TypeNode | undefined, file: string): string | undefined {
  if (!type || !ts.isTypeReferenceNode(type)) return undefined;
  const node = declarationOf({ name: type.typeName.getText(), file })?.node;
  if (!node || !ts.isUnionTypeNode(node) || !node.types.every(ts.isLiteralTypeNode)) return undefined;
  return node.getText().replaceAll(/\s+/g, ' ');
}

function isUnion(type: ts.TypeNode | undefined): boolean {
  return type !== undefined && (ts.isUnionTypeNode(type) || /\bRecord</.test(type.getText()));
}

/** The options inside a property, when its type has any. */
async function partsOf(type: ts.TypeNode | undefined, file: string, name: string): Promise<Option[]> {
  if (!type) return [];
  if (ts.isTypeLiteralNode(type)) {
    const documented = propertiesOf(type).some((property) => docOf(property) !== '');
    return documented ? optionsIn({ node: type, file }, `${name}.`) : [];
  }
  if (ts.isUnionTypeNode(type)) {
    const parts = await Promise.all(type.types.map((part) => partsOf(part, file, name)));
    return parts.flat();
  }
  if (!ts.isTypeReferenceNode(type)) return [];
  const reference = type.typeName.getText();
  const [first, second] = type.typeArguments ?? [];
  if (LEAVES.has(reference)) return [];
  if (reference === 'Record') return partsOf(second, file, `${name}.*`);
  if (WRAPPERS.has(reference)) return partsOf(first, file, name);
  const declared = declarationOf({ name: reference, file });
  if (!declared || (!ts.isInterfaceDeclaration(declared.node) && !ts.isClassDeclaration(declared.node)))
    return [];
  return optionsIn(declared, `${name}.`);
}

/** What a class says about its properties when it is run: defaults, and the rules of its decorators. */
interface Facts {
  defaults: Readonly<Record<string, unknown>>;
  rules: ReadonlyMap<string, readonly string[]>;
}

const NO_FACTS: Facts = { defaults: {}, rules: new Map() };

async function factsOf(node: ts.InterfaceDeclaration | ts.ClassDeclaration, file: string): Promise<Facts> {
  if (ts.isInterfaceDeclaration(node) || !node.name) return NO_FACTS;
  const module = (await import(pathToFileURL(join(root, file)).href)) as Record<string, unknown>;
  const type = module[node.name.text] as (new () => object) | undefined;
  if (!type) return NO_FACTS;
  const rules = new Map<string, string[]>();
  for (const {
    propertyName,
    name = '',
    constraints = [],
  } of getMetadataStorage().getTargetValidationMetadatas(type, '', false, false)) {
    const list = rules.get(propertyName) ?? [];
    list.push(`${name}:${JSON.stringify(constraints)}`);
    rules.set(propertyName, list);
  }
  return { defaults: defaultsOf(type), rules };
}

function defaultsOf(type: new () => object): Record<string, unknown> {
  try {
    return new type() as Record<string, unknown>;
  } catch {
    return {};
  }
}

function described(property: DocumentedProperty, name: string, type: string, facts: Facts): Option {
  const key = property.name.getText();
  const doc = docOf(property);
  const sentence = / ?Default(?::)? (.+?)\.(?= |$)(?! ?\d)/.exec(doc);
  const value = facts.defaults[key];
  return {
    name,
    type,
    values: valuesOf(facts.rules.get(key) ?? []),
    default: value === undefined ? (sentence?.[1] ?? '') : shown(value),
    what: value === undefined && !sentence ? doc : doc.replace(sentence?.[0] ?? '', '').trim(),
  };
}

/** `1 to 10`, or the values of a list, from the rules of class-validator. */
function valuesOf(rules: readonly string[]): string {
  const constraint = (rule: string): unknown => {
    const found = rules.find((one) => one.startsWith(`${rule}:`));
    return found === undefined ? undefined : (JSON.parse(found.slice(rule.length + 1)) as unknown[])[0];
  };
  const list = constraint('isIn');
  if (Array.isArray(list)) return list.map((value) => `\`${String(value)}\``).join(', ');
  const [min, max] = [constraint('min'), constraint('max')].map((value) =>
    typeof value === 'number' ? value.toLocaleString('en') : undefined,
  );
  if (min !== undefined && max !== undefined) return `${min} to ${max}`;
  if (min !== undefined) return `from ${min}`;
  return max === undefined ? '' : `to ${max}`;
}

function shown(value: unknown): string {
  if (typeof value === 'number') return value.toLocaleString('en');
  if (Array.isArray(value) && value.length > 4) return `${value.length} entries`;
  return value === null ? 'none' : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

/** Where a name that a file uses is declared: there, or in a file that it imports it from. */
function declarationOf({ name, file }: { name: string; file: string }): Located<Declaration> | undefined {
  const source = parse(file);
  const node = typeIn(source, name);
  if (node) return { node, file };
  const alias = source.statements.find(
    (statement): statement is ts.TypeAliasDeclaration =>
      ts.isTypeAliasDeclaration(statement) && statement.name.text === name,
  );
  if (alias) return { node: alias.type, file };
  for (const statement of source.statements) {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) continue;
    const specifier = statement.moduleSpecifier;
    if (!specifier || !ts.isStringLiteral(specifier) || !specifier.text.startsWith('.')) continue;
    if (!namesIn(statement).includes(name)) continue;
    const target = relative(root, join(root, dirname(file), specifier.text)).replace(/\.js$/, '.ts');
    return declarationOf({ name, file: target });
  }
  return undefined;
}

function namesIn(statement: ts.ImportDeclaration | ts.ExportDeclaration): string[] {
  const bindings = ts.isImportDeclaration(statement)
    ? statement.importClause?.namedBindings
    : statement.exportClause;
  if (!bindings || (!ts.isNamedImports(bindings) && !ts.isNamedExports(bindings))) return [];
  return bindings.elements.map(({ name }) => name.text);
}
