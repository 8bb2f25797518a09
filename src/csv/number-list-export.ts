import { Readable } from 'node:stream';
import { stringify } from 'csv-stringify/sync';
import { csvCell } from './csv-cell.js';

/** How a list is to be written. */
export interface NumberListWriting<Row> {
  columns: readonly string[];
  /** The next rows after `last`, by their keys; none at the end. */
  page: (last: Row | undefined, size: number) => Promise<Row[]>;
  /** The cells of a row, as the columns. */
  cellsOf: (row: Row) => (string | null)[];
}

const PAGE_SIZE = 1000;

/** A list as CSV in UTF-8, read in pages as fast as it is consumed, so that the length makes no difference. */
export function exportNumberList<Row>(writing: NumberListWriting<Row>): Readable {
  return Readable.from(pages(writing), { objectMode: false });
}

async function* pages<Row>({ columns, page, cellsOf }: NumberListWriting<Row>): AsyncGenerator<string> {
  // With the first page: what reading that fails with can be told as long as no byte is on its way.
  let rows = await page(undefined, PAGE_SIZE);
  yield stringify([[...columns], ...rows.map((row) => cellsOf(row).map(csvCell))]);
  for (let last = rows.at(-1); last; last = rows.at(-1)) {
    rows = await page(last, PAGE_SIZE);
    if (rows.length > 0) yield stringify(rows.map((row) => cellsOf(row).map(csvCell)));
  }
}
