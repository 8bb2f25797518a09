const ISO_TIME = /^(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?)?$/;

/**
 * Parses a date (midnight UTC) or a time in ISO 8601, extended format.
 *
 * @param options.requireOffset Whether a time needs `Z` or a UTC offset. Default `false`: without one it is UTC.
 * @returns `undefined` for any other text, and for days and times that do not exist.
 */
export function parseIsoTime(
  text: string,
  { requireOffset = false }: { requireOffset?: boolean } = {},
): Date | undefined {
  const [, day, offset] = ISO_TIME.exec(text) ?? [];
  if (day === undefined) return undefined;
  const startOfDay = new Date(day);
  // `Date` takes February 31st for March 3rd.
  if (Number.isNaN(startOfDay.getTime()) || !startOfDay.toISOString().startsWith(day)) return undefined;
  if (day === text) return startOfDay;
  if (offset === undefined && requireOffset) return undefined;
  const time = new Date(offset === undefined ? `${text}Z` : text);
  return Number.isNaN(time.getTime()) ? undefined : time;
}
