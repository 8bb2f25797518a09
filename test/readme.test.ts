import { describe, expect, it } from '@jest/globals';
import { toMatchFile } from './support/to-match-file.js';
import { generatedIn, replaceGenerated } from './support/readme-tables.js';
import { DOCUMENTS, textOf } from './docs/documents.js';
import { generatedTable } from './docs/generated-tables.js';

// `npm run generate` writes what these tests compare.
describe('the generated tables', () => {
  const withTables = DOCUMENTS.filter((file) => generatedIn(textOf(file)).length > 0);

  it.each(withTables)('of %s are what the code says', async (file) => {
    let text = textOf(file);
    for (const name of generatedIn(text)) text = replaceGenerated(text, name, await generatedTable(name));
    await toMatchFile(text, file);
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
