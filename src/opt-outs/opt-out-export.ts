import type { Readable } from 'node:stream';
import type { PostackDatabase } from '../database/postack-database.js';
import { exportNumberList } from '../csv/number-list-export.js';
import type { OptOutScope } from './opt-outs.options.js';
import { decidingStates } from './opt-out-lists.js';
import type { OptOutEntity } from './opt-out.entity.js';

/** Every number that is opted out, as CSV that `importOptOuts` accepts. An empty `own_number` stands for all. */
export function exportOptOuts(scope: OptOutScope, database: PostackDatabase): Readable {
  return exportNumberList<OptOutEntity>({
    columns: ['number', 'own_number', 'opted_out_at', 'source', 'keyword', 'reason'],
    page: (last, size) => {
      const query = decidingStates(database, scope, true)
        .orderBy({ 'state.peer': 'ASC', 'state.ownNumber': 'ASC' })
        .limit(size);
      if (last) {
        const { peer, ownNumber } = last;
        query.andWhere('(state.peer, state.ownNumber) > (:peer, :ownNumber)', { peer, ownNumber });
      }
      return query.getMany();
    },
    cellsOf: ({ peer, ownNumber, since, source, keyword, reason }) => [
      ...[peer, ownNumber, since.toISOString(), source, keyword, reason],
    ],
  });
}
