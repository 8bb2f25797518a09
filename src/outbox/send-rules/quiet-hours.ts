import { getCountry } from 'countries-and-timezones';
import { getCountries, getCountryCallingCode, parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { DateTime, IANAZone } from 'luxon';

/** The recipient, the moment and the quiet hours to check. */
export interface QuietHoursQuery {
  /** Normalized number of the recipient. */
  to: string;
  /** The recipient's IANA time zone; `null`: every time zone that the number may be in. */
  timeZone: string | null;
  now: Date;
  /** `HH:MM`, the first quiet minute. When later than `until`, the quiet hours span midnight. */
  from: string;
  /** `HH:MM`, the first minute after the quiet hours. The same as `from`: there are no quiet hours. */
  until: string;
}

/** Whether a text is the name of an IANA time zone, such as `America/New_York`. */
export function isTimeZone(text: string): boolean {
  return IANAZone.isValidZone(text);
}

/**
 * The first moment outside the quiet hours of every time zone that the recipient may be in; `null` when that is now.
 * 47 CFR 64.1200(c)(1) forbids telephone solicitations before 8 a.m. and after 9 p.m. local time of the recipient.
 *
 * The time zones are: the given one; else all those of the number's country, or of every country with the number's
 * calling code when the number does not tell them apart; UTC for a short code or a sender name. When the zones are so far
 * apart that no moment is outside the quiet hours of all, only the middle one counts.
 */
export function quietUntil({ to, timeZone, now, from, until }: QuietHoursQuery): Date | null {
  if (from === until) return null;
  const zones = timeZone !== null && isTimeZone(timeZone) ? [timeZone] : zonesOf(to);
  const moment =
    firstAllowedMoment(zones, now, from, until) ??
    firstAllowedMoment([middleOf(zones, now)], now, from, until) ??
    now;
  return moment.getTime() === now.getTime() ? null : moment;
}

/** Local times repeat daily, apart from clock changes: a moment not found within three days does not exist. */
const HORIZON_MS = 3 * 86_400_000;

function firstAllowedMoment(
  zones: readonly string[],
  now: Date,
  from: string,
  until: string,
): Date | undefined {
  for (let at = now; at.getTime() - now.getTime() < HORIZON_MS;) {
    const ends = zones.map((zone) => endOfQuiet(DateTime.fromJSDate(at, { zone }), from, until));
    const last = Math.max(...ends.map((end) => end?.toMillis() ?? 0));
    if (last === 0) return at;
    at = new Date(last);
  }
  return undefined;
}

/** End of the quiet hours that contain this local time; `null` outside of them. */
function endOfQuiet(local: DateTime, from: string, until: string): DateTime | null {
  const time = local.toFormat('HH:mm');
  const isOvernight = from > until;
  const isQuiet = isOvernight ? time >= from || time < until : time >= from && time < until;
  if (!isQuiet) return null;
  const day = isOvernight && time >= from ? local.plus({ days: 1 }) : local;
  const [hour, minute] = until.split(':').map(Number);
  return day.set({ hour, minute, second: 0, millisecond: 0 });
}

/** The median zone by UTC offset. */
function middleOf(zones: readonly string[], now: Date): string {
  const offset = (zone: string) => IANAZone.create(zone).offset(now.getTime());
  const sorted = zones.toSorted((a, b) => offset(a) - offset(b));
  return sorted[Math.floor(sorted.length / 2)] ?? 'UTC';
}

/** Kosovo is missing from countries-and-timezones. */
const ZONES_BY_COUNTRY: Partial<Record<string, readonly string[]>> = { XK: ['Europe/Belgrade'] };

function zonesOf(number: string): readonly string[] {
  const parsed = parsePhoneNumberFromString(number);
  if (!parsed) return ['UTC'];
  const countries = parsed.country
    ? [parsed.country]
    : getCountries().filter((country) => getCountryCallingCode(country) === parsed.countryCallingCode);
  const zones = countries.flatMap(
    (country) => ZONES_BY_COUNTRY[country] ?? getCountry(country as string)?.timezones ?? [],
  );
  return zones.length > 0 ? [...new Set(zones)] : ['UTC'];
}
