import { readFileSync } from 'node:fs';
import { ConfigurationError } from '../../errors/configuration-error.js';

/** Environment variables, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Every setting of the service, by its environment variable. */
const SETTINGS = [
  'PORT',
  'HOST',
  'DATABASE_URL',
  'POSTACK_DIRECT_DATABASE_URL',
  'POSTACK_HTTP_ADAPTER',
  'POSTACK_DATA_DIR',
  'POSTACK_WEBHOOK_SECRET',
  'POSTACK_WEBHOOK_PATH',
  'POSTACK_ADMIN_KEY',
  'POSTACK_API_KEY',
  'POSTACK_API_URL',
  'POSTACK_API_REQUESTS_PER_SECOND',
  'POSTACK_OWN_NUMBERS',
  'POSTACK_OPT_OUT_SCOPE',
  'POSTACK_OPT_OUT_CONFIRMATIONS',
  'POSTACK_ALERT_WEBHOOK_URL',
  'POSTACK_ALERT_WEBHOOK_SECRET',
  'POSTACK_ROLE',
  'POSTACK_LOG_LEVEL',
  'POSTACK_RETENTION_PAYLOAD_DAYS',
  'POSTACK_RETENTION_EVENT_DAYS',
  'POSTACK_REPORT_PRICES',
  'POSTACK_CONFIG',
] as const;

/** Settings that can also be read from a file, named by e.g. `POSTACK_ADMIN_KEY_FILE`. */
const FILE_SETTINGS = [
  'DATABASE_URL',
  'POSTACK_DIRECT_DATABASE_URL',
  'POSTACK_WEBHOOK_SECRET',
  'POSTACK_ADMIN_KEY',
  'POSTACK_API_KEY',
  'POSTACK_ALERT_WEBHOOK_SECRET',
] as const satisfies readonly Setting[];

/** Name of a setting. */
export type Setting = (typeof SETTINGS)[number];

/** Settings that were renamed; the old names are not honoured. */
const RENAMED: ReadonlyMap<string, Setting> = new Map([
  ['HTTP_ADAPTER', 'POSTACK_HTTP_ADAPTER'],
  ['POSTACK_RETENTION_BODY_DAYS', 'POSTACK_RETENTION_PAYLOAD_DAYS'],
  ['POSTACK_RETENTION_ID_DAYS', 'POSTACK_RETENTION_EVENT_DAYS'],
]);

/** Subject of configuration errors about the environment. */
export const SUBJECT = 'Environment';

/** One line for each variable that is set and ignored: a renamed setting, or an unknown name with our prefix. */
export function settingWarnings(environment: Environment): string[] {
  return Object.keys(environment).flatMap((name) => {
    const newName = RENAMED.get(name);
    if (newName !== undefined) return [`${name} is now ${newName}; the old name is ignored`];
    if (!name.startsWith('POSTACK_') || isSetting(name)) return [];
    return [`${name} is not a setting of this service; ignored. Check the spelling`];
  });
}

function isSetting(name: string): boolean {
  const plain = name.endsWith('_FILE') ? name.slice(0, -'_FILE'.length) : name;
  const list: readonly string[] = plain === name ? SETTINGS : FILE_SETTINGS;
  return list.includes(plain);
}

/**
 * Reads a setting, from its variable or from the file that `<name>_FILE` names.
 *
 * @returns `undefined` when it is unset or empty.
 * @throws {ConfigurationError} when the file is unreadable or empty, or both variables are set.
 */
export function readSetting(environment: Environment, name: Setting): string | undefined {
  const value = environment[name]?.trim();
  const isFileSetting = (FILE_SETTINGS as readonly Setting[]).includes(name);
  const file = isFileSetting ? environment[`${name}_FILE`]?.trim() : undefined;
  if (!file) return value === '' ? undefined : value;
  if (value)
    throw new ConfigurationError(SUBJECT, [`${name} and ${name}_FILE are both set: unset one of them`]);
  try {
    const content = readFileSync(file, 'utf8').trim();
    if (content !== '') return content;
  } catch (cause) {
    throw new ConfigurationError(SUBJECT, [
      `${name}_FILE: cannot read ${file} (${(cause as Error).message})`,
    ]);
  }
  throw new ConfigurationError(SUBJECT, [`${name}_FILE: ${file} is empty`]);
}
