import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';

import { dataSourceOf } from '../database/data-source-of.js';
import { csvCell } from '../csv/csv-cell.js';
import { csvRows } from '../csv/csv-rows.js';
import { PostackDatabase } from '../database/postack-database.js';
import { causeOf, type FailureCatalogue } from '../failures/failure-catalogue.js';
import { FailuresOptions } from '../failures/failures.options.js';
import { isFailed, numbersOf, timeToDelivered } from '../messages/message-facts.js';
import { MessageEntity } from '../messages/message.entity.js';
import { UNKNOWN } from '../messages/number-facts.js';
import {
  InvalidReportError,
  resolvedPeriod,
  type NumbersOption,
  type ReportPeriod,
  type ResolvedPeriod,
} from './report-request.js';
import { ReportsOptions, type SegmentPrices } from './reports.options.js';
import { opensSql, priceSql, repliedAfterMsSql } from './message-facts.sql.js';

/** Export formats: CSV with a header row, or one JSON object per line. */
export const EXPORT_FORMATS = ['csv', 'ndjson'] as const;

/** One of `EXPORT_FORMATS`. */
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Selects the messages whose first event happened in the period. */
export interface ExportRequest extends ReportPeriod, NumbersOption {
  /** Default `csv`. */
  format?: ExportFormat;
  /** Adds whether a message opens a conversation, and the time to its reply; slower. Default `false`. */
  includeConversations?: boolean;
  /** Adds the message texts. Default `false`. */
  includeTexts?: boolean;
}

/** A message, and what is read with it if requested. */
interface ExportedMessage extends MessageEntity {
  /** Price of a segment. */
  price?: number | null;
  opens?: boolean;
  repliedAfterMs?: number | null;
}

type Cell = string | number | boolean | null;

const PAGE_SIZE = 1000;

/** Exports messages as CSV or NDJSON. */
@Injectable()
export class ReportExport {
  readonly #catalogue: FailureCatalogue;
  readonly #prices: SegmentPrices | null;

  constructor(
    private readonly database: PostackDatabase,
    { catalogue }: FailuresOptions,
    { prices }: ReportsOptions,
  ) {
    this.#catalogue = catalogue;
    this.#prices = prices;
  }

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
    const period = resolvedPeriod(request);
    const columns = columnsOf(request, this.#catalogue, this.#prices);
    const linesOf = format === 'csv' ? csvOf : jsonOf;
    const lines = async function* (pages: AsyncIterable<ExportedMessage[]>): AsyncGenerator<string> {
      // Sent with the first page: until then, a failed query can still be answered with an error status.
      let head = format === 'csv' ? csvRows([columns.map(([name]) => name)]) : '';
      for await (const page of pages) {
        yield head + linesOf(page, columns);
        head = '';
      }
      if (head !== '') yield head;
    };
    return Readable.from(lines(this.#pages(period, request)), { objectMode: false });
  }

  /** Ordered by the first event, in whole milliseconds. */
  async *#pages(period: ResolvedPeriod, request: ExportRequest): AsyncGenerator<ExportedMessage[]> {
    for (let last: MessageEntity | undefined; ;) {
      const page = await this.#page(period, request, last);
      if (page.length > 0) yield page;
      last = page.at(-1);
      if (page.length < PAGE_SIZE) return;
    }
  }

  async #page(
    { from, to }: ResolvedPeriod,
    { includeTexts, includeConversations }: ExportRequest,
    last: MessageEntity | undefined,
  ): Promise<ExportedMessage[]> {
    const { manager } = this.database.forLongStatements;
    const query = manager
      .createQueryBuilder(MessageEntity, 'm')
      .where('m.firstEventAt >= :from AND m.firstEventAt < :to', { from, to })
      .orderBy({ 'm.firstEventAt': 'ASC', 'm.id': 'ASC' })
      .limit(PAGE_SIZE);
    if (last) query.andWhere('(m.firstEventAt, m.id) > (:at, :id)', { at: last.firstEventAt, id: last.id });
    if (!includeTexts) {
      const columns = dataSourceOf(manager)
        .getMetadata(MessageEntity)
        .columns.filter(({ isSelect }) => isSelect);
      const names = columns.map(({ propertyName }) => propertyName).filter((name) => name !== 'text');
      query.select(names.map((name) => `m.${name}`));
    }
    if (!this.#prices && !includeConversations) return query.getMany();
    if (this.#prices) {
      const prices = JSON.stringify(this.#prices.perSegment);
      query.addSelect(`${priceSql('CAST(:prices AS text)')}::float8`, 'price').setParameters({ prices });
    }
    if (includeConversations) {
      const table = this.database.table(MessageEntity);
      query.addSelect(opensSql(table), 'opens').addSelect(repliedAfterMsSql(table), 'repliedAfterMs');
    }
    const { raw, entities } = await query.getRawAndEntities<ExportedMessage>();
    return entities.map((message, index) => {
      const { price, opens, repliedAfterMs } = raw[index] ?? {};
      return Object.assign(message, { price, opens, repliedAfterMs });
    });
  }
}

type Column = readonly [name: string, cellOf: (message: ExportedMessage) => Cell];

function columnsOf(
  { includeNumbers = false, includeTexts = false, includeConversations = false }: ExportRequest,
  catalogue: FailureCatalogue,
  prices: SegmentPrices | null,
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
    ...(prices ? costColumns(prices) : []),
    ...(includeConversations ? CONVERSATION_COLUMNS : []),
    ...(includeNumbers ? NUMBER_COLUMNS : []),
    ...(includeTexts ? TEXT_COLUMNS : []),
  ];
}

/** `null` for inbound messages, and without a price. */
function costColumns({ currency }: SegmentPrices): Column[] {
  return [
    ['cost', ({ segments, price = null }) => (price === null ? null : price * (segments ?? 0))],
    ['currency', ({ price = null }) => (price === null ? null : currency)],
  ];
}

const CONVERSATION_COLUMNS: Column[] = [
  ['opensConversation', ({ opens = false }) => opens],
  ['timeToFirstReplyMs', ({ repliedAfterMs = null }) => repliedAfterMs],
];

const NUMBER_COLUMNS: Column[] = [
  ['from', ({ from }) => from],
  ['to', ({ to }) => to],
];

const TEXT_COLUMNS: Column[] = [['text', ({ text }) => text]];

function csvOf(page: readonly ExportedMessage[], columns: readonly Column[]): string {
  const cells = (cell: Cell) => (cell === null || typeof cell === 'string' ? csvCell(cell) : String(cell));
  return csvRows(page.map((message) => columns.map(([, cellOf]) => cells(cellOf(message)))));
}

function jsonOf(page: readonly ExportedMessage[], columns: readonly Column[]): string {
  const objectOf = (message: ExportedMessage) =>
    Object.fromEntries(columns.map(([name, cellOf]) => [name, cellOf(message)]));
  return page.map((message) => `${JSON.stringify(objectOf(message))}\n`).join('');
}
