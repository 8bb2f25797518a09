import { KNOWN_EVENTS } from '../../src/events/event-types.js';
import { DEFAULT_PAYLOAD_MAPPING } from '../../src/events/payload-mapping.js';
import { UnknownPostackEvent } from '../../src/events/unknown-postack.event.js';
import { FAILURE_CATALOGUE } from '../../src/failures/failure-catalogue.js';
import { DEFAULT_REACTIONS } from '../../src/failures/failures.options.js';
import { METRICS } from '../../src/reports/report-request.js';
import { MAGIC_NUMBERS } from '../../src/simulator/index.js';
import {
  eventsTable,
  failuresTable,
  fieldsTable,
  metricsTable,
  payloadTable,
  table,
} from '../support/readme-tables.js';
import type { Option } from './option-facts.js';
import { optionsOf } from './options.js';
import { matching, optionsTable } from './options-table.js';
import { routesTable } from './routes-table.js';
import { routes } from './routes.js';
import { settingsTable } from './settings-table.js';

/** Every option of `PostackModule.forRoot`. */
export const moduleOptions = (): Option[] => optionsOf('src/postack.options.ts', 'PostackModuleOptions');

const TABLES: Readonly<Record<string, () => string | Promise<string>>> = {
  events: () => eventsTable([...KNOWN_EVENTS, UnknownPostackEvent].map(({ name, type }) => ({ name, type }))),
  fields: fieldsTable,
  payload: () => payloadTable({ ...DEFAULT_PAYLOAD_MAPPING }),
  failures: () => failuresTable(FAILURE_CATALOGUE, DEFAULT_REACTIONS),
  metrics: () => metricsTable(METRICS),
  settings: settingsTable,
  routes: async () => routesTable(await routes()),
  options: () => optionsTable(moduleOptions()),
  'listener options': () =>
    optionsTable(optionsOf('src/listeners/handler-metadata.ts', 'OnPostackEventOptions')),
  'simulator options': () =>
    optionsTable(optionsOf('src/simulator/local-postack.options.ts', 'LocalPostackOptions')),
  'magic numbers': magicNumbersTable,
};

/** The table of a mark `<!-- generated: name -->`; of `options a* b` those options of the module. */
export async function generatedTable(name: string): Promise<string> {
  const make = TABLES[name];
  if (make) return make();
  const [kind, ...patterns] = name.split(' ');
  if (kind !== 'options') throw new Error(`There is no generated table "${name}"`);
  return optionsTable(matching(moduleOptions(), patterns));
}

function magicNumbersTable(): string {
  const rows = Object.entries(MAGIC_NUMBERS).map(([name, magic]) => [
    `\`${name}\``,
    magic.number,
    effectOf(magic),
  ]);
  return table(['name', 'number', 'what happens'], rows);
}

function effectOf(magic: (typeof MAGIC_NUMBERS)[keyof typeof MAGIC_NUMBERS]): string {
  switch (magic.does) {
    case 'refuse':
      return `the request is refused with \`${magic.code}\`${'isOnce' in magic ? ', the first time only' : ''}`;
    case 'end':
      return `accepted, then \`${magic.end.status}\`${'errorCode' in magic.end ? `, code ${magic.end.errorCode}` : ''}`;
    case 'spoil':
      return {
        cut: 'accepted, but the connection is cut',
        late: 'accepted, but answered late',
        'not-json': 'accepted, but the answer is not JSON',
      }[magic.answer];
  }
}
