import { globSync } from 'node:fs';
import ts from 'typescript';
import { parse } from '../support/readme-tables.js';
import { root } from './documents.js';

/** What is written about a setting of the service. */
export interface SettingDescription {
  what: string;
  /** The value that means the same as none; or, in italics, what happens without one. */
  default: string;
}

/** A row of the table of settings each. A test compares the names, and the defaults, with `ServiceConfig`. */
export const SETTING_DESCRIPTIONS: Readonly<Record<string, SettingDescription>> = {
  DATABASE_URL: {
    what: '`postgres://user:password@host:5432/database`',
    default: '*embedded PostgreSQL, development mode*',
  },
  POSTACK_DIRECT_DATABASE_URL: {
    what: 'the same database without the connection pooler (PgBouncer) that `DATABASE_URL` leads to: [what for](#a-connection-pooler)',
    default: '*`DATABASE_URL`*',
  },
  POSTACK_WEBHOOK_SECRET: {
    what: 'signing secret of the endpoint, `whsec_…`; several while one is rotated, newest first, separated by spaces or commas',
    default: '*generated in development mode*',
  },
  POSTACK_ADMIN_KEY: {
    what: 'key of the admin API: at least 16 ASCII characters without spaces',
    default: '*generated in development mode*',
  },
  PORT: { what: 'port to listen on, 0 to 65535 (0: any free port)', default: '3000' },
  HOST: { what: 'address to listen on', default: '*all addresses*' },
  POSTACK_WEBHOOK_PATH: { what: 'path of the webhook route', default: '/api/v1/webhooks' },
  POSTACK_ROLE: { what: '`accept` only receives, `work` only dispatches, `all` does both', default: 'all' },
  POSTACK_HTTP_ADAPTER: { what: '`express` or `fastify`', default: 'express' },
  POSTACK_LOG_LEVEL: {
    what: '`error`, `warn`, `log`, `debug` (a line for each event) or `verbose`',
    default: 'log',
  },
  POSTACK_DATA_DIR: { what: 'directory of the development database and credentials', default: '.postack' },
  POSTACK_API_KEY: { what: 'API key of the Postack account', default: '*nothing is sent or answered*' },
  POSTACK_API_URL: {
    what: 'base URL of Postack’s REST API; needs the API key',
    default: '*`https://api.postack.dev/v1`*',
  },
  POSTACK_API_REQUESTS_PER_SECOND: {
    what: 'limit for all processes with one API key, 1 to 1000; needs the API key',
    default: '*10*',
  },
  POSTACK_OWN_NUMBERS: {
    what: 'numbers of yours that are never replied to, separated by spaces or commas, besides those that messages have come in on',
    default: '*none*',
  },
  POSTACK_OPT_OUT_SCOPE: {
    what: '`all`: an opt-out counts for all your numbers; `number`: for the one that was written to',
    default: 'all',
  },
  POSTACK_OPT_OUT_CONFIRMATIONS: {
    what: 'who confirms STOP and START: `local`, `provider` or `off`',
    default: 'local',
  },
  POSTACK_REPORT_PRICES: {
    what: 'what a segment of an outbound message costs: the currency, then prices by country or prefix, such as `EUR DE=0.07 +4917=0.08`',
    default: '*no cost*',
  },
  POSTACK_CONFIG: {
    what: 'the [configuration file](#the-configuration-file), in YAML or JSON: mapping of events, listeners, opt-out words, failures',
    default: '*none*',
  },
  POSTACK_ALERT_WEBHOOK_URL: {
    what: 'where alerts are posted to; needs the secret',
    default: '*not posted*',
  },
  POSTACK_ALERT_WEBHOOK_SECRET: {
    what: 'secret that alerts are signed with, `whsec_…`; needs the URL',
    default: '*not posted*',
  },
  POSTACK_RETENTION_PAYLOAD_DAYS: {
    what: 'days for which the bodies of events are kept, 1 to 36500',
    default: '30',
  },
  POSTACK_RETENTION_EVENT_DAYS: {
    what: 'days for which events are kept, not less than the one before, up to 36500',
    default: '90',
  },
};

/** The names that the service understands, in their order; and which of them can be given as `<name>_FILE`. */
export function knownSettings(): { names: string[]; files: string[] } {
  const files = globSync('src/service/config/*.ts', { cwd: root });
  const statements = files.flatMap((file) => [...parse(file).statements]).filter(ts.isVariableStatement);
  const namesIn = (list: string): string[] => {
    for (const { declarationList } of statements) {
      const declaration = declarationList.declarations.find(({ name }) => name.getText() === list);
      if (declaration?.initializer) return textsIn(declaration.initializer);
    }
    throw new Error(`src/service/config/ has no list "${list}" any more: adapt test/docs/settings.ts`);
  };
  return { names: namesIn('SETTINGS'), files: namesIn('FILE_SETTINGS') };
}

/** The texts of a list, whatever type it is said to be. */
function textsIn(node: ts.Node): string[] {
  if (ts.isStringLiteral(node)) return [node.text];
  const texts: string[] = [];
  ts.forEachChild(node, (child) => {
    if (!ts.isTypeNode(child)) texts.push(...textsIn(child));
  });
  return texts;
}
