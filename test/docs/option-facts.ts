import ts from 'typescript';
import { docOf, type DocumentedProperty } from '../support/readme-tables.js';

/** One option, for a row of a table. */
export interface Option {
  /** With a dot for each level: `replies.optOut.scope`; `*` stands for any name. */
  name: string;
  /** Range, list of values, or type. */
  values: string;
  default: string;
  what: string;
}

/** A sentence of a doc comment that says the default: `Default 10,000 (10 s).` */
const DEFAULT = /(?:^|(?<=\. ))Default:? (?<value>.+?)\.(?= |$)/;

/** A sentence of a doc comment that says the range: `1 to 40.` or `At least 100.` */
const RANGE =
  /(?:^|(?<=\. ))(?:From )?(?<range>[\d,]+ to [\d,]+(?: [a-z]+)?(?: \([^)]*\))?|[Aa]t least [\d,]+)\.(?= |$)/;

/** A sentence of a doc comment that lists the values: `` `all`, `accept` or `work`. `` */
const LIST = /(?:^|(?<=\. ))(?<list>`[\w-]+`(?:, `[\w-]+`)* or `[\w-]+`)\.(?= |$)/;

/**
 * An option by its doc comment, with the initialiser and the decorators of a class.
 *
 * @throws when the doc comment says another default or another range than they do.
 */
export function describedOption(property: DocumentedProperty, name: string, type: string): Option {
  const doc = docOf(property);
  const [told, range, list] = [DEFAULT, RANGE, LIST].map((sentence) => sentence.exec(doc));
  const initial = initialValue(property);
  const rule = ruleOf(property);
  const [toldDefault, toldRange] = [told?.groups?.['value'], range?.groups?.['range']];
  if (toldDefault !== undefined && initial !== undefined && !agrees(toldDefault, String(initial))) {
    throw new Error(
      `"${name}": the doc comment says "Default ${toldDefault}", the initialiser ${String(initial)}`,
    );
  }
  if (toldRange !== undefined && rule?.range !== undefined && !agrees(toldRange, rule.range)) {
    throw new Error(`"${name}": the doc comment says "${toldRange}", the decorator ${rule.range}`);
  }
  const values = rule?.values ?? toldRange?.toLowerCase() ?? rule?.range ?? list?.groups?.['list'];
  const plainType = type === '' && initial !== undefined ? typeof initial : type;
  return {
    name,
    values: values ?? code(plainType),
    default: toldDefault ?? (initial === undefined ? '' : code(String(initial))),
    what: [told, range, list]
      .reduce((text, sentence) => text.replace(sentence?.[0] ?? '', ''), doc)
      .replaceAll(/\s+/g, ' ')
      .trim(),
  };
}

/** Numbers without separators, code without its quotes, an empty text as `none`; brackets do not count. */
function agrees(told: string, fact: string): boolean {
  const plain = (text: string) => text.replaceAll(/ \(.*\)$|[`',_ ]/g, '').toLowerCase();
  return plain(told) === plain(fact === '' ? 'none' : fact);
}

/** The default of a class's property, when it is a plain number, text or flag. */
function initialValue(property: DocumentedProperty): number | string | boolean | undefined {
  const initializer = ts.isPropertyDeclaration(property) ? property.initializer : undefined;
  if (!initializer) return undefined;
  if (ts.isNumericLiteral(initializer)) return Number(initializer.text);
  if (ts.isStringLiteral(initializer)) return initializer.text;
  if (initializer.kind === ts.SyntaxKind.TrueKeyword) return true;
  return initializer.kind === ts.SyntaxKind.FalseKeyword ? false : undefined;
}

/** What a class's decorators allow. */
function ruleOf(property: DocumentedProperty): { values?: string; range?: string } | undefined {
  const decorators = ts.canHaveDecorators(property) ? (ts.getDecorators(property) ?? []) : [];
  for (const { expression } of decorators) {
    if (!ts.isCallExpression(expression)) continue;
    const [first, min, max] = expression.arguments;
    switch (expression.expression.getText()) {
      case 'IsBoolean':
        return { values: '`true`, `false`' };
      case 'IsIn':
        if (first && ts.isArrayLiteralExpression(first))
          return { values: textsOf(first).map(code).join(', ') };
        break;
      case 'IsWhole': {
        const [least, most] = [min, max].map((bound) => numberOf(bound));
        return { range: most === undefined ? `at least ${least}` : `${least} to ${most}` };
      }
    }
  }
  return undefined;
}

function textsOf(list: ts.ArrayLiteralExpression): string[] {
  return list.elements.filter(ts.isStringLiteral).map(({ text }) => text);
}

function numberOf(node: ts.Expression | undefined): string | undefined {
  return node && ts.isNumericLiteral(node) ? Number(node.text).toLocaleString('en') : undefined;
}

function code(text: string): string {
  return text === '' ? '' : `\`${text}\``;
}
