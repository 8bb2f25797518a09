import { Readable } from 'node:stream';

import { csvCell } from './csv-cell.js';
import { csvRows } from './csv-rows.js';

/** How to write a list. */
export interface NumberListWriter<Row> {
  columns: readonly string[];
  /** The next rows after `last` in the order of their keys; none at the end. */
  page: (last: Row | undefined, size: number) => Promise<Row[]>;
  /** The cells of a row, in the order of `columns`. */
  cellsOf: (row: Row) => (string | null)[];
}

const PAGE_SIZE = 1000;

/** Streams a list as CSV in UTF-8. Rows are read in pages as the stream is consumed, so memory stays constant. */
export function exportNumberList<Row>(writer: NumberListWriter<Row>): Readable {
  return Readable.from(pages(writer), { objectMode: false });
}

async function* pages<Row>({ columns, page, cellsOf }: NumberListWriter<Row>): AsyncGenerator<string> {
  // The header is written with the first page, so that an error in reading that comes before the first byte.
  let rows = await page(undefined, PAGE_SIZE);
  yield csvRows([[...columns], ...rows.map((row) => cellsOf(row).map(csvCell))]);
  for (let last = rows.at(-1); last; last = rows.at(-1)) {
    rows = await page(last, PAGE_SIZE);
    if (rows.length > 0) yield csvRows(rows.map((row) => cellsOf(row).map(csvCell)));
  }
}
