import type { Readable } from 'node:stream';
import type { PostackDatabase } from '../database/postack-database.js';
import {
  importNumberList,
  NUL_PROBLEM,
  TIME_RULE,
  timeOfCell,
  type NumberListImport,
} from '../csv/number-list-import.js';
import type { OptOutScope } from './opt-outs.options.js';
import { NUMBER_RULE } from '../events/phone-number.js';
import { recordEntries, type OptOutEntry } from './opt-out-record.js';
import { InvalidOptOutError } from './opt-out-errors.js';
import { MAX_REASON_LENGTH } from '../errors/decision-reason.js';

/** Result of an import of opt-outs. `imported` counts the numbers that were not opted out before. */
export type OptOutImport = NumberListImport;

/**
 * Opts out every number of a CSV list. It needs a header row: `number`, and optionally `own_number` (empty: all own
 * numbers), `opted_out_at` (ISO 8601; empty: now) and `reason`; other columns are ignored. Valid rows are imported;
 * invalid rows are counted and listed. If interrupted, an import can be rerun safely: recorded opt-outs do not change.
 *
 * @param reason For rows without a reason.
 * @throws {InvalidOptOutError} when the source is not such a list, or has more than 1,000,000 rows.
 */
export async function importOptOuts(
  source: Readable,
  reason: string,
  scope: OptOutScope,
  database: PostackDatabase,
): Promise<OptOutImport> {
  return importNumberList<OptOutEntry>(source, {
    columns: ['own_number', 'opted_out_at', 'reason'],
    entryOf: (cell, numberIn) => entryOf(cell, numberIn, reason),
    store: async (entries) => {
      const recorded = await database.transaction((manager) => recordEntries(entries, scope, manager));
      return recorded.length;
    },
    invalidList: (message, options) => new InvalidOptOutError(message, options),
  });
}

/** The entry of a row, or the problem with the row. */
function entryOf(
  cell: (column: string) => string,
  numberIn: (column: string) => string | undefined,
  defaultReason: string,
): OptOutEntry | string {
  const [peer, own] = [numberIn('number'), cell('own_number')];
  if (peer === undefined) return `number ${NUMBER_RULE}`;
  const ownNumber = own === '' ? null : numberIn('own_number');
  if (ownNumber === undefined) return `own_number ${NUMBER_RULE}, or empty`;
  const at = cell('opted_out_at');
  const occurredAt = at === '' ? new Date() : timeOfCell(at);
  if (!occurredAt) return `opted_out_at ${TIME_RULE}, or empty`;
  if (occurredAt.getTime() > Date.now()) return 'opted_out_at must not be in the future';
  const reason = cell('reason') || defaultReason;
  if (reason.includes('\0')) return NUL_PROBLEM;
  if (reason.length > MAX_REASON_LENGTH) return `reason must have at most ${MAX_REASON_LENGTH} characters`;
  return {
    ...{ peer, ownNumber, action: 'opt-out', source: 'import', reason, occurredAt },
    ...{ keyword: null, endpoint: null, eventId: null, receivedAt: null },
  };
}
