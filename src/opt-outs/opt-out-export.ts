import type { Readable } from 'node:stream';
import type { DataSource } from 'typeorm';
import { exportNumberList } from '../csv/number-list-export.js';
import type { OptOutScope } from '../replies/reply-options.js';
import { decidingStates } from './opt-out-lists.js';
import type { OptOutEntity } from './opt-out.entity.js';

/** Everybody who is opted out, as CSV: number, own number (empty for all), since when, by what, keyword, reason. */
export function exportOptOuts(scope: OptOutScope, dataSource: DataSource): Readable {
  return exportNumberList<OptOutEntity>({
    columns: ['number', 'own_number', 'opted_out_at', 'source', 'keyword', 'reason'],
    page: (last, size) => {
      const query = decidingStates(dataSource, scope, true)
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
