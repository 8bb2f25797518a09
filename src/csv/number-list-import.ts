import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CsvError, parse, type Info } from 'csv-parse';
import { parseIsoTime } from '../events/iso-time.js';
import { textOfCell } from './csv-cell.js';

/** Result of an import. */
export interface NumberListImport {
  /** Rows that changed something. */
  imported: number;
  /** Valid rows that changed nothing: already recorded, or superseded since. */
  unchanged: number;
  /** Invalid rows. */
  rejected: number;
  /** The problems of the first 100 invalid rows. */
  errors: { /** Line in the file, from 1. */ line: number; problem: string }[];
}

/** How to read a list. */
export interface NumberListReader<Entry> {
  /** Known columns besides `number`; all are optional. */
  columns: readonly string[];
  /** The entry of a row, given the texts of its cells; or, as a string, the problem with the row. */
  entryOf: (cell: (column: string) => string) => Entry | string;
  /** Stores entries. @returns how many changed something. */
  store: (entries: Entry[]) => Promise<number>;
  /** Creates the error for an invalid list. */
  invalidList: (message: string, options?: ErrorOptions) => Error;
}

const MAX_ROWS = 1_000_000;
const MAX_ROW_CHARACTERS = 16_384;
const MAX_ERRORS = 100;

/** Rows for each call of `store`. */
const CHUNK_SIZE = 1000;

/** The cells of a row by column. */
type Row = Partial<Record<string, string>>;

/** The ISO 8601 date, or time with a UTC offset, in a cell; `undefined` when it is neither. */
export function timeOfCell(cell: string): Date | undefined {
  return parseIsoTime(cell, { requireOffset: true });
}

/**
 * Imports a list of numbers: CSV in UTF-8 with a header row. Valid rows are stored; invalid rows are counted and listed.
 * When the list turns out to be invalid as a whole, rows before that point may have been stored; an import can be rerun
 * safely.
 *
 * @throws `invalidList` when the source is not such a list, or has more than 1,000,000 rows.
 */
export async function importNumberList<Entry extends object>(
  source: Readable,
  { columns, entryOf, store, invalidList }: NumberListReader<Entry>,
): Promise<NumberListImport> {
  const result: NumberListImport = { imported: 0, unchanged: 0, rejected: 0, errors: [] };
  let chunk: Entry[] = [];
  const flush = async () => {
    const entries = chunk;
    chunk = [];
    const changed = await store(entries);
    result.imported += changed;
    result.unchanged += entries.length - changed;
  };
  const take = async (rows: AsyncIterable<{ record: Row; info: Info }>) => {
    for await (const { record, info } of rows) {
      if (info.records > MAX_ROWS)
        throw invalidList(`A list must not have more than ${MAX_ROWS} rows. Split it, and import the parts`);
      const entry = entryOf((column) => textOfCell(record[column] ?? ''));
      if (typeof entry === 'string') {
        result.rejected += 1;
        if (result.errors.length < MAX_ERRORS) result.errors.push({ line: info.lines, problem: entry });
      } else if (chunk.push(entry) === CHUNK_SIZE) await flush();
    }
    if (chunk.length > 0) await flush();
  };
  const columnsOf = (header: string[]) => {
    const names = header.map((name) => name.trim().toLowerCase());
    if (names.includes('number')) return names;
    const optional = columns.map((name) => `"${name}"`).join(', ');
    throw invalidList(`A list must be CSV with a header row: "number", and optionally ${optional}`);
  };
  let header: string[] = [];
  const parser = parse({
    columns: (names: string[]) => (header = columnsOf(names)),
    ...{ info: true, bom: true, skip_empty_lines: true, relax_column_count: true },
    max_record_size: MAX_ROW_CHARACTERS,
  });
  try {
    await pipeline(source, parser, take);
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw invalidList(
      `Invalid CSV: ${error.message}. Earlier rows may have been imported; fix the file and import it again`,
      { cause: error },
    );
  }
  // The parser does not ask for the columns of an empty file.
  columnsOf(header);
  return result;
}
