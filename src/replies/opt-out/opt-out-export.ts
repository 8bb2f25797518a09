import { Readable } from 'node:stream';
import { stringify } from 'csv-stringify/sync';
import type { DataSource } from 'typeorm';
import type { OptOutScope } from '../reply-options.js';
import { csvCell } from './csv-cell.js';
import { decidingStates } from './opt-out-lists.js';
import type { OptOutEntity } from './opt-out.entity.js';

const COLUMNS = ['number', 'own_number', 'opted_out_at', 'source', 'keyword', 'reason'];

const PAGE_SIZE = 1000;

/**
 * Everybody who is opted out, as CSV: number, own number (empty for all), since when, by what, keyword, reason. Read in
 * pages by number, as fast as it is consumed, so that the length makes no difference.
 */
export function exportOptOuts(scope: OptOutScope, dataSource: DataSource): Readable {
  return Readable.from(pages(scope, dataSource), { objectMode: false });
}

async function* pages(scope: OptOutScope, dataSource: DataSource): AsyncGenerator<string> {
  yield stringify([COLUMNS]);
  for (let last: OptOutEntity | undefined; ;) {
    const query = decidingStates(dataSource, scope, true)
      .orderBy({ 'state.peer': 'ASC', 'state.ownNumber': 'ASC' })
      .limit(PAGE_SIZE);
    if (last) {
      const { peer, ownNumber } = last;
      query.andWhere('(state.peer, state.ownNumber) > (:peer, :ownNumber)', { peer, ownNumber });
    }
    const states = await query.getMany();
    last = states.at(-1);
    if (!last) return;
    yield stringify(states.map(rowOf));
  }
}

function rowOf({ peer, ownNumber, since, source, keyword, reason }: OptOutEntity): string[] {
  return [peer, ownNumber, since.toISOString(), source, keyword, reason].map(csvCell);
}
