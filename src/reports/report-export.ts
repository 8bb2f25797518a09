import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { stringify } from 'csv-stringify/sync';
import { csvCell } from '../csv/csv-cell.js';
import { causeOf, type FailureCatalogue } from '../failures/failure-catalogue.js';
import { FailuresOptions } from '../failures/failures.options.js';
import type { MessageEntity } from '../messages/message.entity.js';
import { PostackDatabase } from '../database/postack-database.js';
import { messagePages } from './message-pages.js';
import { isFailed, numbersOf, timeToDelivered } from './rollups/message-figures.js';
import { UNKNOWN } from './rollups/number-facts.js';
import {
  InvalidReportError,
  resolvedPeriod,
  type NumbersOption,
  type ReportPeriod,
} from './report-request.js';

/** Export formats: CSV with a header row, or one JSON object per line. */
export const EXPORT_FORMATS = ['csv', 'ndjson'] as const;

/** One of `EXPORT_FORMATS`. */
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Selects the messages whose first event happened in the period. */
export interface ExportRequest extends ReportPeriod, NumbersOption {
  /** Default `csv`. */
  format?: ExportFormat;
  /** Adds the message texts. Default `false`. */
  includeTexts?: boolean;
}

type Cell = string | number | null;

/** Exports messages as CSV or NDJSON. */
@Injectable()
export class ReportExport {
  constructor(
    private readonly database: PostackDatabase,
    private readonly failures: FailuresOptions,
  ) {}

  /**
   * Streams the messages of a period in UTF-8, ordered by their first event. Pages are read as the stream is consumed, so
   * memory use is constant. Cells are escaped against spreadsheet formula injection.
   *
   * @throws {InvalidReportError}
   */
  open(request: ExportRequest = {}): Readable {
    const { format = 'csv' } = request;
    if (!EXPORT_FORMATS.includes(format)) {
      throw new InvalidReportError('format', `must be one of ${EXPORT_FORMATS.join(', ')}`);
    }
    const { from, to } = resolvedPeriod(request);
    const columns = columnsOf(request, this.failures.catalogue);
    const linesOf = format === 'csv' ? csvOf : jsonOf;
    const lines = async function* (pages: AsyncIterable<MessageEntity[]>): AsyncGenerator<string> {
      // Sent with the first page: until then, a failed query can still be answered with an error status.
      let head = format === 'csv' ? stringify([columns.map(([name]) => name)]) : '';
      for await (const page of pages) {
        yield head + linesOf(page, columns);
        head = '';
      }
      if (head !== '') yield head;
    };
    const pages = messagePages(from, to, this.database.forLongStatements.manager, request.includeTexts);
    return Readable.from(lines(pages), { objectMode: false });
  }
}

type Column = readonly [name: string, cellOf: (message: MessageEntity) => Cell];

function columnsOf(
  { includeNumbers = false, includeTexts = false }: ExportRequest,
  catalogue: FailureCatalogue,
): Column[] {
  return [
    ['id', ({ id }) => id],
    ['direction', ({ direction }) => direction],
    ['firstEventAt', ({ firstEventAt }) => firstEventAt.toISOString()],
    ['state', ({ state }) => state],
    ['stateAt', ({ stateAt }) => stateAt.toISOString()],
    ['cause', (message) => (isFailed(message) ? causeOf(catalogue, message.errorCode).causeClass : null)],
    ['errorCode', ({ errorCode }) => errorCode],
    ['ownNumber', (message) => numbersOf(message).own?.key ?? UNKNOWN],
    ['country', (message) => numbersOf(message).peer?.country ?? UNKNOWN],
    ['segments', ({ segments }) => segments],
    ['timeToDeliveredMs', timeToDelivered],
    ...(includeNumbers ? NUMBER_COLUMNS : []),
    ...(includeTexts ? TEXT_COLUMNS : []),
  ];
}

const NUMBER_COLUMNS: Column[] = [
  ['from', ({ from }) => from],
  ['to', ({ to }) => to],
];

const TEXT_COLUMNS: Column[] = [['text', ({ text }) => text]];

function csvOf(page: readonly MessageEntity[], columns: readonly Column[]): string {
  const cells = (cell: Cell) => (typeof cell === 'number' ? String(cell) : csvCell(cell));
  return stringify(page.map((message) => columns.map(([, cellOf]) => cells(cellOf(message)))));
}

function jsonOf(page: readonly MessageEntity[], columns: readonly Column[]): string {
  const objectOf = (message: MessageEntity) =>
    Object.fromEntries(columns.map(([name, cellOf]) => [name, cellOf(message)]));
  return page.map((message) => `${JSON.stringify(objectOf(message))}\n`).join('');
}
