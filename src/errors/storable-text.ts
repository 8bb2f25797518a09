/** What cannot be stored is replaced by it. */
const REPLACEMENT = '\uFFFD';

/**
 * A text as PostgreSQL can store it in `text` and `jsonb`: half surrogate pairs and NUL are replaced, and it is cut by
 * code point, never inside a pair.
 *
 * @param maxLength Maximum number of code points. Default: no limit.
 */
export function storableText(text: string, maxLength = Infinity): string {
  return cutText(text, maxLength).toWellFormed().replaceAll('\0', REPLACEMENT);
}

/** Cuts a text to so many code points, without looking at the rest of it. */
export function cutText(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  // A code point takes at most two units.
  return Array.from(text.slice(0, 2 * maxLength))
    .slice(0, maxLength)
    .join('');
}
