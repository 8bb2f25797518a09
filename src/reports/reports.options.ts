import { HasNoProblems } from '../errors/option-rules.js';
import { PEER_PREFIX_LENGTH } from '../messages/message-facts.js';

/** What a segment of an outbound message costs. */
export interface SegmentPrices {
  /** ISO 4217 code: `EUR`. */
  currency: string;
  /**
   * Destination → price of a segment, at least 0. A destination is a country (ISO 3166 code: `DE`) or the first characters
   * of a number (`+4917`). The longest prefix takes precedence, then the country.
   */
  perSegment: Readonly<Record<string, number>>;
}

/** Settings of reports. */
export interface ReportSettings {
  /** Adds the cost to reports. Default: no cost. */
  prices?: SegmentPrices | null;
}

/** The same with the defaults filled in; `false` without reports. */
export type ResolvedReports = Readonly<{ prices: SegmentPrices | null }> | false;

/** ISO 4217. */
export const CURRENCY = /^[A-Z]{3}$/;

/** A key of `SegmentPrices.perSegment`. */
export const DESTINATION = new RegExp(`^(?:[A-Z]{2}|\\+[1-9]\\d{0,${PEER_PREFIX_LENGTH - 2}})$`);

/** Options for reports. */
export class ReportsOptions {
  /**
   * Whether reports are computed. `{ prices: { currency: 'EUR', perSegment: { DE: 0.07, '+4917': 0.08 } } }` adds the cost
   * of outbound messages, by country or prefix. Gaps can be filled later with `ReportRebuild`. Default `true`.
   */
  @HasNoProblems((value) => reportProblems(value, 'reports'))
  reports: ResolvedReports;

  constructor({ reports }: ReportsOptionsInput = {}) {
    this.reports = resolveReports(reports);
  }

  /** `null` without prices, or without reports. */
  get prices(): SegmentPrices | null {
    return this.reports ? this.reports.prices : null;
  }
}

export interface ReportsOptionsInput {
  reports?: boolean | ReportSettings;
}

/** Fills in the defaults; checks nothing. */
export function resolveReports(reports: boolean | ReportSettings | null = true): ResolvedReports {
  if (reports === true || reports === null) return { prices: null };
  // Neither a boolean nor an object: left to the checks.
  return typeof reports === 'object' ? { ...reports, prices: reports.prices ?? null } : reports;
}

function reportProblems(reports: unknown, name: string): string[] {
  if (reports === false) return [];
  if (typeof reports !== 'object' || reports === null) {
    return [`"${name}" must be true, false or an object of options`];
  }
  const unknown = Object.keys(reports).filter((key) => key !== 'prices');
  const problems = unknown.map((key) => `"${name}.${key}" is not an option; there is prices`);
  const { prices } = reports as { prices: unknown };
  return prices === null ? problems : [...problems, ...priceProblems(prices, `${name}.prices`)];
}

function priceProblems(prices: unknown, name: string): string[] {
  const { currency, perSegment } = (typeof prices === 'object' ? prices : {}) as Partial<SegmentPrices>;
  const problems: string[] = [];
  if (!CURRENCY.test(currency ?? '')) {
    problems.push(`"${name}.currency" must be an ISO 4217 code, such as EUR`);
  }
  if (typeof perSegment !== 'object' || Array.isArray(perSegment)) {
    return [...problems, `"${name}.perSegment" must be an object of prices, such as { DE: 0.07 }`];
  }
  for (const [destination, price] of Object.entries(perSegment)) {
    if (!DESTINATION.test(destination)) {
      problems.push(
        `"${name}.perSegment": "${destination}" must be a country code, such as DE, or a prefix, such as +4917, ` +
          `with ${PEER_PREFIX_LENGTH - 1} digits at most`,
      );
    }
    if (!(typeof price === 'number' && price >= 0 && price < Infinity)) {
      problems.push(`"${name}.perSegment": the price of "${destination}" must be a number, at least 0`);
    }
  }
  return problems;
}
