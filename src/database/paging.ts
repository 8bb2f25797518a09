/** One page of a list. */
export interface Page<Item> {
  items: Item[];
  /** Give it back as `cursor` for the next page; `null` at the end. */
  nextCursor: string | null;
}

/** A `cursor` that no page ever returned. */
export class InvalidCursorError extends Error {
  readonly code = 'POSTACK_CURSOR_INVALID';
  override readonly name = 'InvalidCursorError';

  constructor() {
    super('"cursor" must be the "nextCursor" of the page before, unchanged');
  }
}

/** An opaque cursor for the position after a row. */
export function encodeCursor(position: Record<string, string>): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** @throws {InvalidCursorError} unless it holds a string under each of `keys`. */
export function decodeCursor<Key extends string>(cursor: string, keys: readonly Key[]): Record<Key, string> {
  let position: unknown;
  try {
    position = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw new InvalidCursorError();
  }
  const isPosition = (value: unknown): value is Record<Key, string> =>
    typeof value === 'object' &&
    value !== null &&
    keys.every((key) => typeof (value as Record<string, unknown>)[key] === 'string');
  if (!isPosition(position)) throw new InvalidCursorError();
  return position;
}
