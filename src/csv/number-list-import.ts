import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CsvError, parse, type Info } from 'csv-parse';
import { parseIsoTime } from '../events/iso-time.js';
import { textOfCell } from './csv-cell.js';

/** What an import has done. */
export interface NumberListImport {
  /** Rows that have changed something. */
  imported: number;
  /** Rows that say what was known already, or what no longer counts. */
  unchanged: number;
  /** Rows that could not be taken. */
  rejected: number;
  /** Why, for the first 100 of them. */
  errors: { /** In the file, from 1. */ line: number; problem: string }[];
}

/** How a list is to be read. */
export interface NumberListReading<Entry> {
  /** Columns besides `number` that mean something. */
  columns: readonly string[];
  /** What a row says, given the text of its cells; or what is wrong with it. */
  entryOf: (cell: (column: string) => string) => Entry | string;
  /** Records entries. @returns how many have changed something. */
  store: (entries: Entry[]) => Promise<number>;
  /** The error for something that is no such list. */
  refusal: (message: string, options?: ErrorOptions) => Error;
}

const MAX_ROWS = 1_000_000;
const MAX_ROW_CHARACTERS = 16_384;
const MAX_ERRORS = 100;

/** Rows that are stored at once. */
const CHUNK_SIZE = 1000;

/** A row, by column; those that are not known are left alone. */
type Row = Partial<Record<string, string>>;

/** The ISO 8601 date, or time with a UTC offset, in a cell; `undefined` when it is neither. */
export function timeOfCell(cell: string): Date | undefined {
  return parseIsoTime(cell, { requireOffset: true });
}

/**
 * Reads a list of numbers: CSV in UTF-8 with a header row. Rows that are right are stored, and wrong ones told. Where
 * it ends to be a list, what was read before may have been stored: to import a list again changes nothing.
 *
 * @throws the reading's refusal when it is no such list, or has more than 1,000,000 rows.
 */
export async function importNumberList<Entry extends object>(
  source: Readable,
  { columns, entryOf, store, refusal }: NumberListReading<Entry>,
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
        throw refusal(`A list must not have more than ${MAX_ROWS} rows: import it in parts`);
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
    throw refusal(`A list must be CSV with a header row: "number", and optionally ${optional}`);
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
    throw refusal(
      `The list cannot be read on: ${error.message}. Rows before that may be taken already; mend it and import all of it again`,
      { cause: error },
    );
  }
  // Of an empty file, no header is ever asked for.
  columnsOf(header);
  return result;
}
