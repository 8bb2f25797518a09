#!/usr/bin/env node
// The command of the package: `npx postack <command>`. Each command is a module of this folder that runs when imported.

import '../errors/node-version.js';

const COMMANDS: Record<string, { what: string; run: () => Promise<unknown> }> = {
  start: { what: 'starts the service', run: () => import('../main.js') },
  'database-sql': {
    what: 'prints the SQL for a database administrator',
    run: () => import('./database-sql.js'),
  },
  'send-test-event': {
    what: 'sends a signed event to a service',
    run: () => import('./send-test-event.js'),
  },
  reports: { what: 'prints the reports of a service', run: () => import('./reports.js') },
  'wire-format': {
    what: 'prints what Postack has sent, and how it was read',
    run: () => import('./wire-format.js'),
  },
  reinterpret: {
    what: 'has a service read stored events again with the mapping of now',
    run: () => import('./reinterpret.js'),
  },
};

const [name = '--help', ...args] = process.argv.slice(2);
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
if (command) {
  process.argv.splice(2, process.argv.length, ...args);
  await command.run();
} else {
  const isHelp = name === '--help' || name === 'help';
  if (!isHelp) console.error(`There is no command "${name}"\n`);
  const lines = Object.entries(COMMANDS).map(([one, { what }]) => `  ${one.padEnd(16)} ${what}`);
  console[isHelp ? 'log' : 'error'](
    `Usage: postack <command> [options]\n\n${lines.join('\n')}\n\nEach prints its own options with --help`,
  );
  if (!isHelp) process.exitCode = 2;
}
