import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CsvError, parse, type Info } from 'csv-parse';
import type { DataSource } from 'typeorm';
import type { OptOutScope } from '../reply-options.js';
import { textOfCell } from './csv-cell.js';
import { checkedNumber, NUMBER_RULE } from './opt-out-numbers.js';
import { recordEntries, type OptOutEntry } from './opt-out-record.js';
import { InvalidOptOutError } from './opt-out-refusals.js';
import { MAX_REASON_LENGTH } from './opt-out-request.js';

/** What an import has done. */
export interface OptOutImport {
  /** Opted out now. */
  imported: number;
  /** Opted out before, or in again since the time of the row. */
  unchanged: number;
  /** Rows that could not be taken. */
  rejected: number;
  /** Why, for the first 100 of them. */
  errors: { /** In the file, from 1. */ line: number; problem: string }[];
}

/** A row, by column; those that are not known here are left alone. */
type Row = Partial<Record<string, string>>;

/** An ISO 8601 date, or date and time with a zone. */
const ISO_TIME = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

const MAX_ROWS = 1_000_000;
const MAX_ROW_CHARACTERS = 16_384;
const MAX_ERRORS = 100;

/** Rows in one transaction. */
const CHUNK_SIZE = 1000;

/**
 * Opts out everybody in a list. It must have a header row: `number`, and optionally `own_number` (empty or absent: all
 * of them), `opted_out_at` (ISO 8601; empty or absent: now) and `reason`; other columns are ignored. Rows that are right
 * are taken, and wrong ones told. A list can be imported again, after mending it or after a crash: what is recorded
 * already stays as it is.
 *
 * @param reason Of the rows that have none.
 * @throws {InvalidOptOutError} when it is no such list, or has more than 1,000,000 rows.
 */
export async function importOptOuts(
  source: Readable,
  reason: string,
  scope: OptOutScope,
  dataSource: DataSource,
): Promise<OptOutImport> {
  const result: OptOutImport = { imported: 0, unchanged: 0, rejected: 0, errors: [] };
  let chunk: OptOutEntry[] = [];
  const store = async () => {
    const entries = chunk;
    chunk = [];
    const recorded = await dataSource.transaction((manager) => recordEntries(entries, scope, manager));
    result.imported += recorded.length;
    result.unchanged += entries.length - recorded.length;
  };
  const take = async (rows: AsyncIterable<{ record: Row; info: Info }>) => {
    for await (const { record, info } of rows) {
      if (info.records > MAX_ROWS)
        throw new InvalidOptOutError(`A list must not have more than ${MAX_ROWS} rows`);
      const entry = entryOf(record, reason);
      if (typeof entry === 'string') {
        result.rejected += 1;
        if (result.errors.length < MAX_ERRORS) result.errors.push({ line: info.lines, problem: entry });
      } else if (chunk.push(entry) === CHUNK_SIZE) await store();
    }
    if (chunk.length > 0) await store();
  };
  let columns: string[] = [];
  const parser = parse({
    columns: (header: string[]) => (columns = columnsOf(header)),
    ...{ info: true, bom: true, skip_empty_lines: true, relax_column_count: true },
    max_record_size: MAX_ROW_CHARACTERS,
  });
  try {
    await pipeline(source, parser, take);
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new InvalidOptOutError(
      `The list cannot be read on: ${error.message}. Rows before are taken; mend it and import it again`,
      { cause: error },
    );
  }
  // Of an empty file, no header is ever asked for.
  columnsOf(columns);
  return result;
}

/** The names of the columns. @throws {InvalidOptOutError} without one for the number. */
function columnsOf(header: string[]): string[] {
  const names = header.map((name) => name.trim().toLowerCase());
  if (names.includes('number')) return names;
  throw new InvalidOptOutError(
    'A list must be CSV with a header row: "number", and optionally "own_number", "opted_out_at" and "reason"',
  );
}

/** What a row says, or what is wrong with it. */
function entryOf(row: Row, defaultReason: string): OptOutEntry | string {
  const cell = (name: string) => textOfCell(row[name] ?? '');
  const [peer, own] = [checkedNumber(cell('number')), cell('own_number')];
  if (peer === undefined) return `number ${NUMBER_RULE}`;
  const ownNumber = own === '' ? null : checkedNumber(own);
  if (ownNumber === undefined) return `own_number ${NUMBER_RULE}, or empty`;
  const at = cell('opted_out_at');
  const occurredAt = at === '' ? new Date() : new Date(ISO_TIME.test(at) ? at : NaN);
  if (Number.isNaN(occurredAt.getTime())) {
    return 'opted_out_at must be a time in ISO 8601, like 2026-01-31T08:00:00Z, or empty';
  }
  if (occurredAt.getTime() > Date.now()) return 'opted_out_at must not be a time to come';
  const reason = cell('reason') || defaultReason;
  if (reason.length > MAX_REASON_LENGTH || reason.includes('\0')) {
    return `reason must have at most ${MAX_REASON_LENGTH} characters`;
  }
  return {
    ...{ peer, ownNumber, action: 'opt-out', source: 'import', reason, occurredAt },
    ...{ keyword: null, endpoint: null, eventId: null },
  };
}
