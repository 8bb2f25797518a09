import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { docOf, parse, propertiesOf, typeIn, type DocumentedProperty } from '../support/readme-tables.js';
import { root } from './documents.js';
import { describedOption, type Option } from './option-facts.js';

/** A type, with the file in which its names are to be looked up. */
interface Located {
  node: ts.InterfaceDeclaration | ts.ClassDeclaration | ts.TypeNode;
  file: string;
}

/** What has no options inside, or is documented in a table of its own. */
const LEAVES = new Set(['PayloadMapping', 'PostackClient', 'RequestRate', 'FailureCatalogue']);

/** Types that are made of another one, their first argument. */
const WRAPPERS = new Set(['Partial', 'Readonly', 'Required', 'Omit', 'Pick']);

/**
 * Every option of a type, those of its parts included: the documented properties of interfaces and classes, bases
 * first. A property of `FooInput` without a doc comment has that of the class `Foo`.
 */
export function optionsOf(file: string, typeName: string): Option[] {
  const declared = declarationOf(typeName, file);
  if (!declared) throw new Error(`${file} has no type "${typeName}"`);
  const options = optionsIn(declared, '');
  return options.filter(({ name }, index) => options.findIndex((other) => other.name === name) === index);
}

function optionsIn({ node, file }: Located, prefix: string): Option[] {
  if (ts.isInterfaceDeclaration(node) || ts.isClassDeclaration(node)) {
    const bases = (node.heritageClauses ?? [])
      .filter(({ token }) => token === ts.SyntaxKind.ExtendsKeyword)
      .flatMap(({ types }) => [...types]);
    const inherited = bases.flatMap((base) => optionsOfReference(base, file, prefix));
    return [...inherited, ...ownOptions(settable(node), file, prefix, documentation(node))];
  }
  if (ts.isTypeLiteralNode(node)) return ownOptions(propertiesOf(node), file, prefix, new Map());
  if (ts.isIntersectionTypeNode(node)) {
    return node.types.flatMap((part) => optionsIn({ node: part, file }, prefix));
  }
  return ts.isTypeReferenceNode(node) ? optionsOfReference(node, file, prefix) : [];
}

/** Not what a class works out by itself. */
function settable(node: ts.InterfaceDeclaration | ts.ClassDeclaration): DocumentedProperty[] {
  return propertiesOf(node).filter(
    (property) => !property.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ReadonlyKeyword),
  );
}

/** The properties of the class that an interface `FooInput` is the input of. */
function documentation(
  node: ts.InterfaceDeclaration | ts.ClassDeclaration,
): ReadonlyMap<string, DocumentedProperty> {
  const [, name] = /^(\w+)Input$/.exec(node.name?.text ?? '') ?? [];
  const type = name === undefined ? undefined : typeIn(node.getSourceFile(), name);
  return new Map((type ? propertiesOf(type) : []).map((property) => [property.name.getText(), property]));
}

function optionsOfReference(
  node: ts.TypeReferenceNode | ts.ExpressionWithTypeArguments,
  file: string,
  prefix: string,
): Option[] {
  const name = (ts.isTypeReferenceNode(node) ? node.typeName : node.expression).getText();
  const [argument, keys] = node.typeArguments ?? [];
  if (!WRAPPERS.has(name) || !argument) {
    const declared = declarationOf(name, file);
    return declared ? optionsIn(declared, prefix) : [];
  }
  const options = optionsIn({ node: argument, file }, prefix);
  if (name !== 'Omit' && name !== 'Pick') return options;
  const named = new Set([...(keys?.getText() ?? '').matchAll(/'(\w+)'/g)].map(([, key]) => key));
  return options.filter((option) => {
    const [own = ''] = option.name.slice(prefix.length).split('.');
    return named.has(own) === (name === 'Pick');
  });
}

function ownOptions(
  properties: readonly DocumentedProperty[],
  file: string,
  prefix: string,
  documented: ReadonlyMap<string, DocumentedProperty>,
): Option[] {
  return properties.flatMap((given) => {
    const key = given.name.getText();
    const property = docOf(given) === '' ? (documented.get(key) ?? given) : given;
    const parts = partsOf(given.type ?? newType(property), file, prefix + key);
    if (parts.length > 0 && !isOneOfSeveral(given.type)) return parts;
    if (docOf(property) === '') return parts;
    return [describedOption(property, prefix + key, typeText(given.type ?? property.type, file)), ...parts];
  });
}

/** Whether a property with options inside may also be something else, `false` for example, or has many of them. */
function isOneOfSeveral(type: ts.TypeNode | undefined): boolean {
  return type !== undefined && (ts.isUnionTypeNode(type) || type.getText().includes('Record<'));
}

/** The type of a property that is given as `new Type()`. */
function newType(property: DocumentedProperty): ts.TypeNode | undefined {
  const initializer = ts.isPropertyDeclaration(property) ? property.initializer : undefined;
  if (!initializer || !ts.isNewExpression(initializer)) return undefined;
  return ts.factory.createTypeReferenceNode(initializer.expression.getText());
}

/** The options inside a property, when its type has any. */
function partsOf(type: ts.TypeNode | undefined, file: string, name: string): Option[] {
  if (!type) return [];
  if (ts.isTypeLiteralNode(type)) return optionsIn({ node: type, file }, `${name}.`);
  if (ts.isUnionTypeNode(type)) return type.types.flatMap((part) => partsOf(part, file, name));
  if (!ts.isTypeReferenceNode(type) || !ts.isIdentifier(type.typeName)) return [];
  const reference = type.typeName.text;
  const [first, second] = type.typeArguments ?? [];
  if (LEAVES.has(reference)) return [];
  if (reference === 'Record') return partsOf(second, file, `${name}.*`);
  if (WRAPPERS.has(reference)) return partsOf(first, file, name);
  const declared = declarationOf(reference, file);
  if (!declared || ts.isUnionTypeNode(declared.node)) return [];
  return optionsIn(declared, `${name}.`);
}

/** A type as it is written; of a name for nothing but a list of texts, that list. */
function typeText(type: ts.TypeNode | undefined, file: string): string {
  if (!type) return '';
  const node = ts.isTypeReferenceNode(type) ? declarationOf(type.typeName.getText(), file)?.node : undefined;
  const isList = node && ts.isUnionTypeNode(node) && node.types.every((part) => ts.isLiteralTypeNode(part));
  return (isList ? node : type).getText().replaceAll(/\s+/g, ' ');
}

/** Where a name that a file uses is declared: there, or in a file that it imports it from. */
function declarationOf(name: string, file: string): Located | undefined {
  const source = parse(file);
  const node = typeIn(source, name);
  if (node) return { node, file };
  for (const statement of source.statements) {
    if (ts.isTypeAliasDeclaration(statement) && statement.name.text === name) {
      return { node: statement.type, file };
    }
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
    const from = statement.moduleSpecifier.text;
    const bindings = statement.importClause?.namedBindings;
    if (!from.startsWith('.') || !bindings || !ts.isNamedImports(bindings)) continue;
    if (!bindings.elements.some((element) => element.name.text === name)) continue;
    return declarationOf(name, relative(root, join(root, dirname(file), from)).replace(/\.js$/, '.ts'));
  }
  return undefined;
}
