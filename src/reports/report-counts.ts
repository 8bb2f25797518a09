import type { DataSource } from 'typeorm';
import { FailureEntity } from '../failures/failure.entity.js';
import { OptOutEvidenceEntity } from '../replies/opt-out/opt-out-evidence.entity.js';
import { tableName } from '../table-name.js';
import { percentilesOf, type Percentiles } from './duration-bins.js';
import { ReportCountEntity } from './report-count.entity.js';
import { MEASURES, type Counts, type Dimension, type Duration } from './report-deltas.js';
import { ReportDurationEntity } from './report-duration.entity.js';
import { UNKNOWN } from './number-facts.js';
import { ReportEventEntity } from './report-event.entity.js';
import type { Interval, ResolvedPeriod } from './report-request.js';
import { MEASURE_COLUMNS } from './report-store.js';
import { HOUR_MS, floorTo } from './report-time.js';

/** Columns of `report_event`. */
const REQUEST_COUNTS = ['accepted', 'duplicates', 'rejected', 'unavailable', 'quarantined'] as const;

/** What became of the requests that came in. */
export type RequestTotals = Record<(typeof REQUEST_COUNTS)[number], number>;

/** Into what a period is cut; `null`: it is one piece. */
export type Cut = { interval: Interval; timezone: string } | null;

/** Of one piece of the period, with its beginning in milliseconds since 1970, and one value of the dimension. */
export interface Piece<Sums> {
  startMs: number;
  value: string;
  sums: Sums;
}

interface PieceRow extends Record<string, unknown> {
  start: number;
  value: string;
}

/** Reads the rollups: everything that reports are made of is a sum of these. */
export class ReportCounts {
  constructor(private readonly dataSource: DataSource) {}

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

  /** Opt-outs of customers, by message or told by a person; imported lists are none. */
  async optOuts(period: ResolvedPeriod, cut: Cut = null): Promise<Piece<{ optOuts: number }>[]> {
    const rows = await this.#pieces(period, cut, {
      table: OptOutEvidenceEntity,
      time: 'occurred_at',
      sums: ['count(*)'],
      where: `action = 'opt-out' AND source <> 'import'`,
    });
    return rows.map((row) => pieceOf(row, ['optOuts']));
  }

  /** Messages that Postack did not take, by error code. */
  async rejections(period: ResolvedPeriod): Promise<Piece<{ rejected: number }>[]> {
    const rows = await this.#pieces(period, null, {
      table: FailureEntity,
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
    const rows: { value: string; bin: number; count: number }[] = await this.dataSource.query(
      `SELECT value, bin, sum(count)::float8 AS count FROM ${tableName(this.dataSource, ReportDurationEntity)}
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
    const start = cut ? `extract(epoch FROM date_trunc($3, ${time}, $4))::float8 * 1000` : '0::float8';
    const sums = source.sums.map((sum, index) => `${sum}::float8 AS s${index}`).join(', ');
    return this.dataSource.query(
      `SELECT ${start} AS start, ${value} AS value, ${sums} FROM ${tableName(this.dataSource, source.table)}
       WHERE ${where} AND ${time} >= $1 AND ${time} < $2 GROUP BY 1, 2 ORDER BY 2, 1`,
      [from, to, ...(cut ? [cut.interval, cut.timezone] : [])],
    );
  }
}

function pieceOf<Name extends string>(row: PieceRow, names: readonly Name[]): Piece<Record<Name, number>> {
  const sums = Object.fromEntries(names.map((name, index) => [name, row[`s${index}`]]));
  return { startMs: row.start, value: row.value, sums: sums as Record<Name, number> };
}
