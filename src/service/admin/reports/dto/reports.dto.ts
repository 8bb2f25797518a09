import { Transform, Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Max, Min } from 'class-validator';
import { MAX_ANSWER_MINUTES } from '../../../../reports/answers.js';
import { COMPARISONS, type Comparison } from '../../../../reports/compared.js';
import { EXPORT_FORMATS, type ExportFormat } from '../../../../reports/report-export.js';
import {
  INTERVALS,
  METRICS,
  type Grouping,
  type Interval,
  type Metric,
} from '../../../../reports/report-request.js';
import { OptionalTime, Time } from '../../validation/time.decorators.js';
import { OptionalFlag, OptionalParameter } from '../../validation/url.decorators.js';
import { OneOf } from '../../validation/value.decorators.js';

const MINUTES_MESSAGE = { message: `withinMinutes must be a whole number from 1 to ${MAX_ANSWER_MINUTES}` };

/** The period of every report. */
export class ReportQuery {
  @OptionalTime()
  from?: Date;

  @OptionalTime()
  to?: Date;
}

/** `GET /api/v1/reports/summary`, `…/errors` */
export class ComparedReportQuery extends ReportQuery {
  @IsOptional()
  @OneOf(COMPARISONS)
  compare?: Comparison;
}

/** `GET /api/v1/reports/numbers` */
export class NumbersReportQuery extends ComparedReportQuery {
  @OptionalFlag()
  includeNumbers?: boolean;
}

/** `GET /api/v1/reports/latency` */
export class LatencyReportQuery extends NumbersReportQuery {
  @IsOptional()
  @IsIn(['ownNumber'], { message: 'groupBy must be ownNumber' })
  groupBy?: 'ownNumber';
}

/** `GET /api/v1/reports/heatmap` */
export class HeatMapReportQuery extends ComparedReportQuery {
  @OneOf(Object.keys(METRICS))
  metric!: Metric;

  @OptionalParameter()
  timezone?: string;
}

/** `GET /api/v1/reports/answers` */
export class AnswersReportQuery extends LatencyReportQuery {
  @Type(() => Number)
  @IsInt(MINUTES_MESSAGE)
  @Min(1, MINUTES_MESSAGE)
  @Max(MAX_ANSWER_MINUTES, MINUTES_MESSAGE)
  withinMinutes!: number;
}

/** `GET /api/v1/reports/timeseries` */
export class TimeSeriesReportQuery extends NumbersReportQuery {
  @OneOf(Object.keys(METRICS))
  metric!: Metric;

  @IsOptional()
  @OneOf(INTERVALS)
  interval?: Interval;

  /** One, or two separated by a comma; checked with the metric. */
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.split(',') : value))
  @IsOptional()
  @IsString({ each: true, message: 'groupBy must be one or two, separated by a comma' })
  groupBy?: Grouping[];

  @OptionalParameter()
  timezone?: string;
}

/** `GET /api/v1/reports/export` */
export class ExportMessagesQuery extends ReportQuery {
  @OptionalFlag()
  includeNumbers?: boolean;

  @IsOptional()
  @OneOf(EXPORT_FORMATS)
  format?: ExportFormat;

  @OptionalFlag()
  includeConversations?: boolean;

  @OptionalFlag()
  includeTexts?: boolean;
}

/** `POST /api/v1/reports/rebuild` */
export class RebuildReportsBody {
  @Time()
  since!: Date;
}
