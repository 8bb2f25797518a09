import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ServiceConfig } from '../src/service/config/service.config.js';
import { KNOWN_EVENTS } from '../src/events/event-types.js';
import { UnknownPostackEvent } from '../src/events/unknown-postack.event.js';
import { FAILURE_CATALOGUE } from '../src/failures/failure-catalogue.js';
import { DEFAULT_REACTIONS } from '../src/failures/failures.options.js';
import { eventsTable, failuresTable, optionsTable, replaceGenerated } from './support/readme-tables.js';
import { typeErrorsOf } from './support/compiler.js';
import { toMatchFile } from './support/to-match-file.js';

const root = join(import.meta.dirname, '..');

describe('the README', () => {
  it('has the tables of events, options and causes of failures that the code documents', async () => {
    const readme = await readFile(join(root, 'README.md'), 'utf8');
    const classes = [...KNOWN_EVENTS, UnknownPostackEvent].map(({ name, type }) => ({ name, type }));
    const withEvents = replaceGenerated(readme, 'events', eventsTable(classes));
    const withOptions = replaceGenerated(withEvents, 'options', optionsTable());
    const causes = failuresTable(FAILURE_CATALOGUE, DEFAULT_REACTIONS);
    await toMatchFile(replaceGenerated(withOptions, 'failures', causes), 'README.md');
  });

  it('begins with a program that compiles', async () => {
    const readme = await readFile(join(root, 'README.md'), 'utf8');
    const [, program] = /```ts\n\/\/ program: main\.ts\n([^]*?)```/.exec(readme) ?? [];
    expect(program).toContain('PostackModule.forRoot');
    expect(typeErrorsOf(program!)).toBe('');
  });

  it('names every setting of the service, and no other', async () => {
    const readme = await readFile(join(root, 'README.md'), 'utf8');
    const example = await readFile(join(root, '.env.example'), 'utf8');
    const named = new Set(readme.match(/\bPOSTACK_[A-Z_]+\b/g));
    const shown = new Set(example.match(/\bPOSTACK_[A-Z_]+\b/g));
    const known = (names: Set<string>) =>
      new ServiceConfig(Object.fromEntries([...names].map((name) => [name, '']))).warnings;
    expect(known(named)).toEqual([]);
    expect(known(shown)).toEqual([]);
  });
});
