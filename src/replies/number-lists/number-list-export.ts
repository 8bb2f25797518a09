import { Readable } from 'node:stream';
import { stringify } from 'csv-stringify/sync';
import { csvCell } from '../../csv-cell.js';

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
  yield stringify([[...columns]]);
  for (let last: Row | undefined; ;) {
    const rows = await page(last, PAGE_SIZE);
    last = rows.at(-1);
    if (!last) return;
    yield stringify(rows.map((row) => cellsOf(row).map(csvCell)));
  }
}
