import { describe, expect, it } from '@jest/globals';
import { toMatchFile } from './support/to-match-file.js';
import { generatedIn, replaceGenerated } from './support/readme-tables.js';
import { DOCUMENTS, textOf } from './docs/documents.js';
import { generatedTable, moduleOptions } from './docs/generated-tables.js';
import { matching } from './docs/options-table.js';

// `npm run generate` writes what these tests compare.
describe('the generated tables', () => {
  const withTables = DOCUMENTS.filter((file) => generatedIn(textOf(file)).length > 0);

  it.each(withTables)('of %s are what the code says', async (file) => {
    let text = textOf(file);
    for (const name of generatedIn(text)) text = replaceGenerated(text, name, await generatedTable(name));
    await toMatchFile(text, file);
  });

  it('of the guides have every option of the module', () => {
    const guides = withTables.filter((file) => file !== 'src/README.md');
    const patterns = guides
      .flatMap((file) => generatedIn(textOf(file)))
      .filter((name) => name.startsWith('options '))
      .flatMap((name) => name.split(' ').slice(1));
    // Those of a single listener are those of its decorator, which the guide of listeners has.
    const options = moduleOptions().filter(({ name }) => !name.startsWith('listeners.*.'));
    const covered = matching(options, patterns).map(({ name }) => name);
    expect(covered.sort()).toEqual(options.map(({ name }) => name).sort());
  });

  it('are all in some document', () => {
    const names = withTables.flatMap((file) => generatedIn(textOf(file)));
    for (const table of [
      'events',
      'fields',
      'payload',
      'failures',
      'metrics',
      'settings',
      'routes',
      'options',
    ]) {
      expect(names).toContain(table);
    }
  });
});
