import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CsvError, parse, type Info } from 'csv-parse';
import { asTime } from '../events/event-time.js';
import { parseIsoTime } from '../events/iso-time.js';
import {
  normalizePhoneNumber,
  NUMBER_RULE,
  parsePhoneNumber,
  phoneNumberFromEvent,
} from '../events/phone-number.js';
import { textOfCell } from './csv-cell.js';
import { openCsv } from './csv-text.js';

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
  /** Of the valid rows, those whose number is no E.164 number as it is written. */
  takenAs: {
    /** 3 to 8 digits. */
    shortCodes: number;
    /** Letters: an alphanumeric sender. */
    names: number;
    /** 11 to 15 digits without `+`, taken for a number with country code. */
    withoutPlus: number;
  };
}

/** How to read a list. */
export interface NumberListReader<Entry> {
  /** Known columns besides `number`; all are optional. */
  columns: readonly string[];
  /**
   * The entry of a row, given the texts of its cells, and the numbers in them (`undefined` for what is none); or, as a
   * string, the problem with the row.
   */
  entryOf: (
    cell: (column: string) => string,
    numberIn: (column: string) => string | undefined,
  ) => Entry | string;
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

/** What `timeOfCell` reads, for error messages. */
export const TIME_RULE = 'must be a time, like 2026-01-31T08:00:00Z or 2026-01-31 08:00';

export const NUL_PROBLEM = 'reason must not contain the character NUL (U+0000)';

/** `1/31/2026 8:00` and `31.1.2026`. */
const LOCAL_TIME =
  /^(?<first>\d{1,2})(?<mark>[/.])(?<second>\d{1,2})\k<mark>(?<year>\d{4})(?:,?\s+(?<hour>\d{1,2}):(?<minute>\d\d)(?::(?<sec>\d\d))?)?$/;

/**
 * The time in a cell: ISO 8601, as SQL, mails and spreadsheets write it, or Unix time; UTC without an offset. With slashes
 * the month is first, unless it cannot be one (`31/1/2026`); with dots, the day. `undefined` when it is none of these.
 */
export function timeOfCell(cell: string): Date | undefined {
  const {
    first = '',
    mark,
    second = '',
    year = '',
    hour = '0',
    minute = '00',
    sec = '00',
  } = LOCAL_TIME.exec(cell)?.groups ?? {};
  if (mark === undefined) return parseIsoTime(cell) ?? asTime(cell) ?? undefined;
  const isDayFirst = mark === '.' || Number(first) > 12;
  const [day, month] = isDayFirst ? [first, second] : [second, first];
  const pad = (digits: string) => digits.padStart(2, '0');
  return parseIsoTime(`${year}-${pad(month)}-${pad(day)}T${pad(hour)}:${minute}:${sec}Z`);
}

/** Usual headings of a column, besides its name. */
const HEADINGS: Readonly<Record<string, readonly string[]>> = {
  number: [
    'phone',
    'phone_number',
    'phonenumber',
    'mobile',
    'mobile_number',
    'cell',
    'telephone',
    'tel',
    'msisdn',
    'recipient',
    'contact',
  ],
  own_number: ['sender', 'from', 'our_number', 'sender_number'],
  opted_out_at: [
    'opted_out',
    'opt_out_date',
    'opt_out_at',
    'opted_out_on',
    'unsubscribed_at',
    'date',
    'timestamp',
    'created_at',
  ],
  expires_at: ['expires', 'until', 'expiry'],
  code: ['error_code'],
  reason: ['comment', 'note', 'notes'],
};

/** What this package's own exports have in the column `source`: their numbers are as they are, whatever they look like. */
const OWN_SOURCES = new Set(['message', 'failure', 'admin', 'import']);

/** What spreadsheets and programs write where there is no number. */
const NO_NUMBER = /^(?:null|nil|none|undefined|nan|n\/?a|total|sum|count|-|#\S+)$/i;

/** A line break and the beginning of another row, in one cell. */
const SWALLOWED_ROW = /[\r\n]\s*"?(?:\+|00)?\d{6,15}"?\s*(?:[,;\t\r\n]|$)/;

const STRAY_QUOTE =
  'has a quote in the middle of a cell: put the cell in quotes, and double the quotes in it';
const OPEN_QUOTE = 'has a quote that is not closed: the rows from there on are not imported';

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
  const takenAs = { shortCodes: 0, names: 0, withoutPlus: 0 };
  const result: NumberListImport = { imported: 0, unchanged: 0, rejected: 0, errors: [], takenAs };
  const reject = (line: number, problem: string) => {
    result.rejected += 1;
    if (result.errors.length < MAX_ERRORS) result.errors.push({ line, problem });
  };
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
      const cell = (column: string) => textOfCell(record[column] ?? '');
      const isOwn = OWN_SOURCES.has(cell('source'));
      const numberIn = (column: string) =>
        isOwn ? (phoneNumberFromEvent(cell(column)) ?? undefined) : parsePhoneNumber(cell(column));
      const entry = (isOwn ? undefined : problemWith(record)) ?? entryOf(cell, numberIn);
      if (typeof entry === 'string') {
        reject(info.lines, entry);
        continue;
      }
      const kind = kindOf(cell('number'));
      if (kind) takenAs[kind] += 1;
      if (chunk.push(entry) === CHUNK_SIZE) await flush();
    }
    if (chunk.length > 0) await flush();
  };
  const columnsOf = (header: string[]) => {
    const names = namesOf(header, ['number', 'source', ...columns]);
    if (names.includes('number')) return names;
    const optional = columns.map((name) => `"${name}"`).join(', ');
    throw invalidList(`A list must be CSV with a header row: "number", and optionally ${optional}`);
  };
  let header: string[] = [];
  const { separator, text } = await openCsv(source);
  const parser = parse({
    columns: (names: string[]) => (header = columnsOf(names)),
    ...{ info: true, skip_empty_lines: true, relax_column_count: true, delimiter: separator },
    max_record_size: MAX_ROW_CHARACTERS,
    skip_records_with_error: true,
  });
  let skippedLine = 0;
  parser.on('skip', (error: CsvError & { lines?: number }) => {
    // The parser would also leave out the rows after it.
    if (error.code === 'CSV_MAX_RECORD_SIZE') parser.destroy(error);
    const line = error.lines ?? 0;
    // One row may have several mistakes.
    if (line !== skippedLine) reject(line, error.code === 'CSV_QUOTE_NOT_CLOSED' ? OPEN_QUOTE : STRAY_QUOTE);
    skippedLine = line;
  });
  try {
    await pipeline(text, parser, take);
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

/** The names of the columns of a header; a usual heading counts where the name itself is missing. */
function namesOf(header: readonly string[], columns: readonly string[]): string[] {
  const names = header.map((name) =>
    name
      .trim()
      .toLowerCase()
      .replaceAll(/[\s-]+/g, '_'),
  );
  for (const column of columns) {
    if (names.includes(column)) continue;
    const index = names.findIndex((name) => HEADINGS[column]?.includes(name));
    if (index >= 0) names[index] = column;
  }
  return names;
}

function problemWith(record: Row): string | undefined {
  if (NO_NUMBER.test(textOfCell(record['number'] ?? ''))) return `number ${NUMBER_RULE}`;
  const isSwallowing = Object.values(record).some((cell) => cell !== undefined && SWALLOWED_ROW.test(cell));
  return isSwallowing ? 'has a quote that another row closes: the rows between are not imported' : undefined;
}

/** What a number is taken for, if it is no E.164 number as it is written. */
function kindOf(cell: string): keyof NumberListImport['takenAs'] | undefined {
  const number = normalizePhoneNumber(cell);
  if (!number.startsWith('+')) return /^\d+$/.test(number) ? 'shortCodes' : 'names';
  return /^\D*\+|^\D*0[01]/.test(cell) ? undefined : 'withoutPlus';
}
