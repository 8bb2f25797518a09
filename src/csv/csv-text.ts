import { Readable } from 'node:stream';

const SEPARATORS = [',', ';', '\t'] as const;

/** Excel writes `="+15550100001"`, so that a number stays a text. */
function formulaCell(separator: string): RegExp {
  const ends = `[\\r\\n${separator.replace(/[\]^\\-]/, '\\$&')}]`;
  return new RegExp(`(?<=^|${ends})="([^"\\r\\n]*)"(?=${ends}|$)`, 'g');
}

/** Text without the end of a line is passed on from this length on: the parser limits the length of rows. */
const MAX_LINE = 65_536;

/** The text of a CSV file, ready for a parser. */
export interface CsvText {
  /** As the first line says (`sep=;`), or the one that the header has most of. */
  separator: string;
  text: Readable;
}

/** Opens CSV in UTF-8, with or without a byte order mark. Lines keep their numbers. */
export async function openCsv(source: Readable): Promise<CsvText> {
  const pieces = piecesOf(source);
  const first = await pieces.next();
  const start = first.done ? '' : first.value;
  const [head = '', told] = /^sep=(.)[^\S\r\n]*(?=[\r\n]|$)/i.exec(start) ?? [];
  const rest = start.slice(head.length);
  const separator = told ?? mostFrequentIn(/^\s*(.*)/.exec(rest)?.[1] ?? '');
  const formula = formulaCell(separator);
  const plain = (text: string) => text.replaceAll(formula, '"$1"');
  const text = async function* () {
    yield plain(rest);
    for await (const piece of pieces) yield plain(piece);
  };
  return { separator, text: Readable.from(text()) };
}

/** Whole lines, several at once. */
async function* piecesOf(source: Readable): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let open = '';
  for await (const chunk of source as AsyncIterable<string | Uint8Array>) {
    open += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    const end = open.length > MAX_LINE ? open.length : open.lastIndexOf('\n') + 1;
    if (end > 0) yield open.slice(0, end);
    open = open.slice(end);
  }
  open += decoder.decode();
  if (open !== '') yield open;
}

function mostFrequentIn(header: string): string {
  const bare = header.replaceAll(/"[^"]*"/g, '');
  const count = (separator: string) => bare.split(separator).length;
  return SEPARATORS.reduce((most, one) => (count(one) > count(most) ? one : most));
}
