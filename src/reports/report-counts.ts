import type { PostackDatabase } from '../database/postack-database.js';
import { MessageFailureEntity } from '../failures/message-failure.entity.js';
import { OptOutEvidenceEntity } from '../opt-outs/opt-out-evidence.entity.js';
import { percentilesOf, type Percentiles } from './rollups/duration-bins.js';
import { ReportCountEntity } from './rollups/report-count.entity.js';
import { MEASURES, type Counts, type Dimension, type Duration } from './rollups/report-deltas.js';
import { ReportDurationEntity } from './rollups/report-duration.entity.js';
import { UNKNOWN } from './rollups/number-facts.js';
import { ReportEventEntity } from './rollups/report-event.entity.js';
import type { ResolvedPeriod } from './report-request.js';
import { MEASURE_COLUMNS } from './rollups/report-store.js';
import { HOUR_MS, floorTo } from './rollups/report-time.js';

/** Columns of `report_event`. */
const REQUEST_COUNTS = ['accepted', 'duplicates', 'rejected', 'unavailable', 'quarantined'] as const;

/** What became of the requests that came in. */
export type RequestTotals = Record<(typeof REQUEST_COUNTS)[number], number>;

/**
 * Where the pieces of a period begin, in milliseconds since 1970, ascending; `null`: it is one piece. PostgreSQL gets
 * these instead of a time zone, of which it may know other rules than JavaScript does.
 */
export type Cut = readonly number[] | null;

/** So many pieces of all values together are read of a period that is cut, and one more if there are more. */
export const MAX_POINTS_IN_ALL = 100_000;

/** Of one piece of the period and one value of the dimension. */
export interface Piece<Sums> {
  /** Which piece: 0 is the first. */
  index: number;
  value: string;
  sums: Sums;
}

interface PieceRow extends Record<string, unknown> {
  index: number;
  value: string;
}

/** Reads the rollups: everything that reports are made of is a sum of these. */
export class ReportCounts {
  constructor(private readonly database: PostackDatabase) {}

  /** Messages by a dimension; with values left out that nothing is counted for. */
  async messages(period: ResolvedPeriod, dimension: Dimension, cut: Cut = null): Promise<Piece<Counts>[]> {
    const rows = await this.#pieces(period, cut, {
      table: ReportCountEntity,
      time: 'bucket',
      value: 'value',
      sums: MEASURE_COLUMNS.map((column) => `sum("${column}")`),
      where: `dimension = '${dimension}'`,
    });
    return rows.map((row) => pieceOf(row, MEASURES));
  }

  /** Requests by outcome. */
  async requests(period: ResolvedPeriod, cut: Cut = null): Promise<Piece<RequestTotals>[]> {
    const rows = await this.#pieces(period, cut, {
      table: ReportEventEntity,
      time: 'bucket',
      sums: REQUEST_COUNTS.map((column) => `sum(${column})`),
    });
    return rows.map((row) => pieceOf(row, REQUEST_COUNTS));
  }

  /** Customers who have opted out, by message or told by a person, each once; imported lists are none. */
  async optOuts(period: ResolvedPeriod, cut: Cut = null): Promise<Piece<{ optOuts: number }>[]> {
    const rows = await this.#pieces(period, cut, {
      table: OptOutEvidenceEntity,
      time: 'occurred_at',
      // Any order will do, and that of a language is slow.
      sums: ['count(DISTINCT peer COLLATE "C")'],
      where: `action = 'opt-out' AND source <> 'import'`,
    });
    return rows.map((row) => pieceOf(row, ['optOuts']));
  }

  /** Messages that Postack did not take, by error code. */
  async rejections(period: ResolvedPeriod): Promise<Piece<{ rejected: number }>[]> {
    const rows = await this.#pieces(period, null, {
      table: MessageFailureEntity,
      time: 'failed_at',
      value: `coalesce(code, '${UNKNOWN}')`,
      sums: ['count(*)'],
      where: `source = 'rejection'`,
    });
    return rows.map((row) => pieceOf(row, ['rejected']));
  }

  /** How long something took, by value of the dimension. Whole hours: the one that `from` is in counts as a whole. */
  async durations(
    { from, to }: ResolvedPeriod,
    duration: Duration,
    dimension: Dimension,
  ): Promise<Map<string, Percentiles>> {
    const rows: { value: string; bin: number; count: number }[] = await this.database.query(
      `SELECT value, bin, sum(count)::float8 AS count FROM ${this.database.table(ReportDurationEntity)}
       WHERE duration = $1 AND dimension = $2 AND hour >= $3 AND hour < $4
       GROUP BY value, bin HAVING sum(count) > 0`,
      [duration, dimension, new Date(floorTo(from.getTime(), HOUR_MS)), to],
    );
    const byValue = Map.groupBy(rows, ({ value }) => value);
    return new Map(
      [...byValue].map(([value, bins]) => [
        value,
        percentilesOf(new Map(bins.map(({ bin, count }) => [bin, count]))),
      ]),
    );
  }

  #pieces(
    { from, to }: ResolvedPeriod,
    cut: Cut,
    source: {
      table: new () => object;
      time: string;
      value?: string;
      sums: readonly string[];
      where?: string;
    },
  ): Promise<PieceRow[]> {
    const { time, value = `''`, where = 'true' } = source;
    const index = cut ? `width_bucket(${time}, $3::timestamptz[]) - 1` : '0';
    const sums = source.sums.map((sum, index) => `${sum}::float8 AS s${index}`).join(', ');
    return this.database.query(
      `SELECT ${index} AS index, ${value} AS value, ${sums} FROM ${this.database.table(source.table)}
       WHERE ${where} AND ${time} >= $1 AND ${time} < $2 GROUP BY 1, 2 ORDER BY 2, 1
       ${cut ? `LIMIT ${MAX_POINTS_IN_ALL + 1}` : ''}`,
      [from, to, ...(cut ? [cut.map((ms) => new Date(ms).toISOString())] : [])],
    );
  }
}

function pieceOf<Name extends string>(row: PieceRow, names: readonly Name[]): Piece<Record<Name, number>> {
  const sums = Object.fromEntries(names.map((name, index) => [name, row[`s${index}`]]));
  return { index: row.index, value: row.value, sums: sums as Record<Name, number> };
}
