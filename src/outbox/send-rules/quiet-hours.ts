import { getCountry } from 'countries-and-timezones';
import { getCountries, getCountryCallingCode, parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { DateTime, IANAZone } from 'luxon';

/** When it is asked whether somebody may be written to. */
export interface QuietHoursQuery {
  /** Canonical number of the recipient. */
  to: string;
  /** The recipient's IANA time zone; `null`: every one in which the number may be. */
  timeZone: string | null;
  now: Date;
  /** `HH:MM`, the first quiet minute; at or after `until`, it is that of the evening before. */
  from: string;
  /** `HH:MM`, the first minute that is not quiet any more. The same as `from`: it is never quiet. */
  until: string;
}

/** Whether a text is the name of an IANA time zone, like `America/New_York`. */
export function isTimeZone(text: string): boolean {
  return IANAZone.isValidZone(text);
}

/**
 * The next moment at which it is quiet in none of the time zones that a recipient may be in; `null` when that is now.
 * 47 CFR 64.1200(c)(1) forbids telephone solicitations before 8 in the morning and after 9 in the evening by the
 * recipient's clock.
 *
 * Time zones are the given one, or all those of the number's country; when several countries share its calling code, and
 * the number does not tell them apart, all of theirs; UTC for a short code or a sender name. When there is no such
 * moment, the zones being too far apart for the hours that are left, the one in the middle counts alone.
 */
export function quietUntil({ to, timeZone, now, from, until }: QuietHoursQuery): Date | null {
  if (from === until) return null;
  const zones = timeZone !== null && isTimeZone(timeZone) ? [timeZone] : zonesOf(to);
  const moment =
    loudMoment(zones, now, from, until) ?? loudMoment([middleOf(zones, now)], now, from, until) ?? now;
  return moment.getTime() === now.getTime() ? null : moment;
}

/** Later than this there is no moment that suits all zones, when there is none before. */
const HORIZON_MS = 3 * 86_400_000;

/** The first moment from `now` on at which it is quiet nowhere. */
function loudMoment(zones: readonly string[], now: Date, from: string, until: string): Date | undefined {
  for (let at = now; at.getTime() - now.getTime() < HORIZON_MS;) {
    const ends = zones.map((zone) => endOfQuiet(DateTime.fromJSDate(at, { zone }), from, until));
    const last = Math.max(...ends.map((end) => end?.toMillis() ?? 0));
    if (last === 0) return at;
    at = new Date(last);
  }
  return undefined;
}

/** When the quiet hours are over that it is in now; `null` when it is in none. */
function endOfQuiet(local: DateTime, from: string, until: string): DateTime | null {
  const time = local.toFormat('HH:mm');
  const isOvernight = from > until;
  const isQuiet = isOvernight ? time >= from || time < until : time >= from && time < until;
  if (!isQuiet) return null;
  const day = isOvernight && time >= from ? local.plus({ days: 1 }) : local;
  const [hour, minute] = until.split(':').map(Number);
  return day.set({ hour, minute, second: 0, millisecond: 0 });
}

/** The zone with as many to its west as to its east. */
function middleOf(zones: readonly string[], now: Date): string {
  const offset = (zone: string) => IANAZone.create(zone).offset(now.getTime());
  const sorted = zones.toSorted((a, b) => offset(a) - offset(b));
  return sorted[Math.floor(sorted.length / 2)] ?? 'UTC';
}

/** Kosovo is missing in the list of countries. */
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
