import type { Readable } from 'node:stream';
import type { PostackDatabase } from '../database/postack-database.js';
import { exportNumberList } from '../csv/number-list-export.js';
import {
  importNumberList,
  NUL_PROBLEM,
  TIME_RULE,
  timeOfCell,
  type NumberListImport,
} from '../csv/number-list-import.js';
import { NUMBER_RULE } from '../events/phone-number.js';
import { MAX_REASON_LENGTH } from '../errors/decision-reason.js';
import { suppressions } from './suppression-lists.js';
import { recordSuppressions, type SuppressionEntry } from './suppression-record.js';
import { InvalidSuppressionError } from './suppression-errors.js';
import type { SuppressionEntity } from './suppression.entity.js';

/** Every number that is suppressed now, as CSV that `importSuppressions` accepts. An empty `expires_at`: no end. */
export function exportSuppressions(database: PostackDatabase): Readable {
  return exportNumberList<SuppressionEntity>({
    columns: ['number', 'since', 'expires_at', 'source', 'code', 'reason'],
    page: (last, size) => {
      const query = suppressions(database.manager, true).orderBy('suppression.number').limit(size);
      if (last) query.andWhere('suppression.number > :last', { last: last.number });
      return query.getMany();
    },
    cellsOf: ({ number, since, expiresAt, source, code, reason }) => [
      ...[number, since.toISOString(), expiresAt?.toISOString() ?? null, source, code, reason],
    ],
  });
}

/**
 * Suppresses every number of a CSV list. It needs a header row: `number`, and optionally `expires_at` (ISO 8601; empty:
 * no end), `code` and `reason`; other columns are ignored.
 *
 * @param reason For rows without a reason.
 * @throws {InvalidSuppressionError} when the source is not such a list, or has more than 1,000,000 rows.
 */
export function importSuppressions(
  source: Readable,
  reason: string,
  database: PostackDatabase,
): Promise<NumberListImport> {
  const since = new Date();
  return importNumberList<SuppressionEntry>(source, {
    columns: ['expires_at', 'code', 'reason'],
    entryOf: (cell, numberIn) => entryOf(cell, numberIn, reason, since),
    store: (entries) => store(entries, database),
    invalidList: (message, options) => new InvalidSuppressionError(message, options),
  });
}

/** `3.0005E+04` */
const ROUNDED = /^\d+(?:[.,]\d+)?e[+-]?\d+$/i;

/** Stores entries; of several for the same number, only the last. */
async function store(entries: readonly SuppressionEntry[], database: PostackDatabase): Promise<number> {
  const byNumber = new Map(entries.map((entry) => [entry.number, entry]));
  const recorded = await database.transaction((manager) =>
    recordSuppressions([...byNumber.values()], manager),
  );
  return recorded.length;
}

function entryOf(
  cell: (column: string) => string,
  numberIn: (column: string) => string | undefined,
  defaultReason: string,
  since: Date,
): SuppressionEntry | string {
  const number = numberIn('number');
  if (number === undefined) return `number ${NUMBER_RULE}`;
  const end = cell('expires_at');
  const expiresAt = end === '' ? null : timeOfCell(end);
  if (expiresAt === undefined) return `expires_at ${TIME_RULE}, or empty`;
  if (expiresAt && expiresAt <= since) return 'expires_at must be in the future, or empty';
  const [code, reason] = [cell('code'), cell('reason') || defaultReason];
  if (`${code}${reason}`.includes('\0')) return NUL_PROBLEM;
  if (ROUNDED.test(code))
    return 'code is a number that a spreadsheet has rewritten: format the column as text';
  if (`${code}${reason}`.length > MAX_REASON_LENGTH) {
    return `reason and code together must have at most ${MAX_REASON_LENGTH} characters`;
  }
  return {
    ...{ number, since, expiresAt, source: 'import', reason },
    ...{ code: code === '' ? null : code, messageId: null, eventId: null },
  };
}
