import type { PostackDatabase } from '../database/postack-database.js';
import { MessageFailureEntity } from '../failures/message-failure.entity.js';
import { OptOutEvidenceEntity } from '../opt-outs/opt-out-evidence.entity.js';
import { addHistogram, percentilesOf, type Percentiles } from './duration-bins.js';
import { UNKNOWN } from '../messages/number-facts.js';
import { MessageEntity } from '../messages/message.entity.js';
import {
  BUCKET_MS,
  floorTo,
  HOUR_MS,
  MEASURE_COLUMNS,
  MEASURES,
  type Counts,
  type Dimension,
  type Duration,
} from './report-measures.js';
import type { ResolvedPeriod } from './report-request.js';
import { LONG_MS } from './message-facts.sql.js';
import { pairCountsSql } from './window-figures.sql.js';
import { ReportCountEntity, ReportDurationEntity, ReportEventEntity } from './report.entities.js';

/** Columns of `report_event`. */
const REQUEST_COUNTS = ['accepted', 'duplicates', 'rejected', 'unavailable', 'quarantined'] as const;

/** Number of webhook requests by outcome. */
export type RequestTotals = Record<(typeof REQUEST_COUNTS)[number], number>;

/**
 * Start of each slice of a period, in milliseconds since 1970, ascending; `null`: one slice. PostgreSQL gets these
 * instead of a time zone, because its time zone rules may differ from those of JavaScript.
 */
export type SliceStarts = readonly number[] | null;

/** Maximum number of slices of all values together; one more is read if there are more. */
export const MAX_POINTS_IN_ALL = 100_000;

/** Histograms of this time are read together. */
const DURATIONS_READ_MS = 31 * 24 * HOUR_MS;

/** The sums of one slice of the period and one value of the dimension. */
export interface Slice<Sums> {
  /** 0 is the first slice of the period. */
  index: number;
  value: string;
  sums: Sums;
}

interface SliceRow extends Record<string, unknown> {
  index: number;
  value: string;
}

/** Reads the stored figures: every report is computed from these sums. */
export class ReportCounts {
  /** @param prices Country or prefix → price of a segment; `null` without prices. */
  constructor(
    private readonly database: PostackDatabase,
    private readonly prices: Readonly<Record<string, number>> | null,
  ) {}

  /**
   * Messages by one dimension, from the stored figures; by two, from the messages, because figures of every pair would be as
   * many as the messages. Without values that have no messages.
   */
  async messages(
    period: ResolvedPeriod,
    dimensions: Dimension | readonly Dimension[],
    starts: SliceStarts = null,
    isWithConversations = true,
  ): Promise<Slice<Counts>[]> {
    const [dimension, second] = typeof dimensions === 'string' ? [dimensions] : dimensions;
    if (dimension !== undefined && second !== undefined) {
      return this.#pairs(period, [dimension, second], starts ?? [period.from.getTime()], isWithConversations);
    }
    const rows = await this.#slices(period, starts, {
      table: ReportCountEntity,
      time: 'bucket',
      value: 'value',
      sums: MEASURE_COLUMNS.map((column) => `sum("${column}")`),
      where: `dimension = '${dimension}'`,
    });
    return rows.map((row) => sliceOf(row, MEASURES));
  }

  async #pairs(
    { from, to }: ResolvedPeriod,
    pair: readonly [Dimension, Dimension],
    starts: readonly number[],
    isWithConversations: boolean,
  ): Promise<Slice<Counts>[]> {
    // As in the stored figures, the bucket that `to` is in counts as a whole.
    const until = new Date(floorTo(to.getTime() + BUCKET_MS - 1, BUCKET_MS));
    const isLong = until.getTime() - from.getTime() >= LONG_MS;
    const neighbours = !isWithConversations ? 'none' : isLong ? 'sorted' : 'looked up';
    const rows = await this.database.forLongStatements.query<SliceRow[]>(
      `${pairCountsSql(this.database.table(MessageEntity), pair, neighbours)} LIMIT ${MAX_POINTS_IN_ALL + 1}`,
      [
        from,
        until,
        starts.map((ms) => new Date(ms).toISOString()),
        this.prices && JSON.stringify(this.prices),
      ],
    );
    return rows.map((row) => sliceOf(row, MEASURES));
  }

  async requests(period: ResolvedPeriod, starts: SliceStarts = null): Promise<Slice<RequestTotals>[]> {
    const rows = await this.#slices(period, starts, {
      table: ReportEventEntity,
      time: 'bucket',
      sums: REQUEST_COUNTS.map((column) => `sum(${column})`),
    });
    return rows.map((row) => sliceOf(row, REQUEST_COUNTS));
  }

  /** Customers who opted out by message or through an operator, each counted once; imports do not count. */
  async optOuts(period: ResolvedPeriod, starts: SliceStarts = null): Promise<Slice<{ optOuts: number }>[]> {
    const rows = await this.#slices(period, starts, {
      table: OptOutEvidenceEntity,
      time: 'occurred_at',
      // Collation "C": a linguistic sort order is slower and not needed.
      sums: ['count(DISTINCT peer COLLATE "C")'],
      where: `action = 'opt-out' AND source <> 'import'`,
    });
    return rows.map((row) => sliceOf(row, ['optOuts']));
  }

  /** Messages that Postack rejected, by error code. */
  async rejections(period: ResolvedPeriod): Promise<Slice<{ rejected: number }>[]> {
    const rows = await this.#slices(period, null, {
      table: MessageFailureEntity,
      time: 'failed_at',
      value: `coalesce(code, '${UNKNOWN}')`,
      sums: ['count(*)'],
      where: `source = 'rejection'`,
    });
    return rows.map((row) => sliceOf(row, ['rejected']));
  }

  /** Percentiles of a duration, by value of the dimension; see `durationBins`. */
  async durations(
    period: ResolvedPeriod,
    duration: Duration,
    dimension: Dimension,
  ): Promise<Map<string, Percentiles>> {
    const byValue = await this.durationBins(period, duration, dimension);
    return new Map([...byValue].map(([value, bins]) => [value, percentilesOf(bins)]));
  }

  /**
   * Bin → number of durations, by value of the dimension. Counted over whole hours, including the hours of `from` and of
   * `to`.
   */
  async durationBins(
    { from, to }: ResolvedPeriod,
    duration: Duration,
    dimension: Dimension,
  ): Promise<Map<string, Map<number, number>>> {
    const byValue = new Map<string, Map<number, number>>();
    // In parts: those of a busy year would not fit into memory.
    for (let start = floorTo(from.getTime(), HOUR_MS); start < to.getTime(); start += DURATIONS_READ_MS) {
      const rows: Pick<ReportDurationEntity, 'value' | 'histogram'>[] = await this.database.query(
        `SELECT value, string_agg(histogram, '') AS histogram FROM ${this.database.table(ReportDurationEntity)}
         WHERE duration = $1 AND dimension = $2 AND bucket >= $3 AND bucket < $4 GROUP BY value`,
        [duration, dimension, new Date(start), new Date(Math.min(to.getTime(), start + DURATIONS_READ_MS))],
      );
      for (const { value, histogram } of rows) {
        const bins = byValue.get(value) ?? new Map<number, number>();
        addHistogram(histogram, bins);
        byValue.set(value, bins);
      }
    }
    return byValue;
  }

  #slices(
    { from, to }: ResolvedPeriod,
    starts: SliceStarts,
    source: {
      table: new () => object;
      time: string;
      value?: string;
      sums: readonly string[];
      where?: string;
    },
  ): Promise<SliceRow[]> {
    const { time, value = `''`, where = 'true' } = source;
    const index = starts ? `width_bucket(${time}, $3::timestamptz[]) - 1` : '0';
    const sums = source.sums.map((sum, index) => `${sum}::float8 AS s${index}`).join(', ');
    return this.database.forLongStatements.query(
      `SELECT ${index} AS index, ${value} AS value, ${sums} FROM ${this.database.table(source.table)}
       WHERE ${where} AND ${time} >= $1 AND ${time} < $2 GROUP BY 1, 2 ORDER BY 2, 1
       ${starts ? `LIMIT ${MAX_POINTS_IN_ALL + 1}` : ''}`,
      [from, to, ...(starts ? [starts.map((ms) => new Date(ms).toISOString())] : [])],
    );
  }
}

function sliceOf<Name extends string>(row: SliceRow, names: readonly Name[]): Slice<Record<Name, number>> {
  const sums = Object.fromEntries(names.map((name, index) => [name, row[`s${index}`]]));
  return { index: row.index, value: row.value, sums: sums as Record<Name, number> };
}

/** Adds up the slices that get the same place. */
export function mergeSlices<Name extends string>(
  slices: readonly Slice<Record<Name, number>>[],
  placeOf: (slice: Slice<unknown>) => { index: number; value: string },
): Slice<Record<Name, number>>[] {
  const merged = new Map<string, Slice<Record<Name, number>>>();
  for (const slice of slices) {
    const { index, value } = placeOf(slice);
    const known = merged.get(`${index} ${value}`)?.sums;
    const names = Object.keys(slice.sums) as Name[];
    const sums = Object.fromEntries(names.map((name) => [name, (known?.[name] ?? 0) + slice.sums[name]]));
    merged.set(`${index} ${value}`, { index, value, sums: sums as Record<Name, number> });
  }
  return [...merged.values()];
}
