import { table } from '../support/readme-tables.js';
import { knownSettings, SETTING_DESCRIPTIONS } from './settings.js';

/** Name, meaning, default and `_FILE`, in the order of the descriptions. */
export function settingsTable(): string {
  const { files } = knownSettings();
  const rows = Object.entries(SETTING_DESCRIPTIONS).map(([name, { what, default: value }]) => [
    `\`${name}\``,
    what,
    value.startsWith('*') ? value.slice(1, -1) : `\`${value}\``,
    files.includes(name) ? '`_FILE`' : '',
  ]);
  return table(['variable', 'what', 'default', 'or as a file'], rows);
}
