import { table } from '../support/readme-tables.js';
import type { Option } from './option-facts.js';

/** Option, the values that it takes, default and meaning. */
export function optionsTable(options: readonly Option[]): string {
  const rows = options.map((option) => [`\`${option.name}\``, option.values, option.default, option.what]);
  return table(['option', 'values', 'default', 'what'], rows);
}

/** The options whose names one of the patterns covers: `api*`, `replies.optOut*`, `secret`. */
export function matching(options: readonly Option[], patterns: readonly string[]): Option[] {
  const covers = (pattern: string, name: string) =>
    pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
  return patterns.flatMap((pattern) => {
    const found = options.filter(({ name }) => covers(pattern, name));
    if (found.length === 0) throw new Error(`No option is called "${pattern}"`);
    return found;
  });
}
