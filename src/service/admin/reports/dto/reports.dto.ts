import { IsIn, IsOptional, IsString } from 'class-validator';
import { EXPORT_FORMATS, type ExportFormat } from '../../../../reports/report-export.js';
import {
  GROUPINGS,
  INTERVALS,
  METRICS,
  type Grouping,
  type Interval,
  type Metric,
} from '../../../../reports/report-request.js';
import { Flag } from '../../http/url-values.js';
import { OptionalTime, Time } from '../../http/optional-time.js';

const METRIC_NAMES = Object.keys(METRICS);
const FLAG_MESSAGE = { message: '$property must be true or false' };

/** What every report takes: `GET /api/v1/reports/summary`, `…/errors` */
export class ReportQuery {
  @OptionalTime()
  from?: Date;

  @OptionalTime()
  to?: Date;
}

/** `GET /api/v1/reports/numbers` */
export class NumbersQuery extends ReportQuery {
  @IsOptional()
  @Flag()
  @IsIn([true, false], FLAG_MESSAGE)
  includeNumbers?: boolean;
}

/** `GET /api/v1/reports/latency` */
export class LatencyQuery extends NumbersQuery {
  @IsOptional()
  @IsIn(['ownNumber'], { message: 'groupBy must be ownNumber' })
  groupBy?: 'ownNumber';
}

/** `GET /api/v1/reports/timeseries` */
export class TimeSeriesQuery extends NumbersQuery {
  @IsIn(METRIC_NAMES, { message: `metric must be one of ${METRIC_NAMES.join(', ')}` })
  metric!: Metric;

  @IsOptional()
  @IsIn(INTERVALS, { message: `interval must be one of ${INTERVALS.join(', ')}` })
  interval?: Interval;

  @IsOptional()
  @IsIn(GROUPINGS, { message: `groupBy must be one of ${GROUPINGS.join(', ')}` })
  groupBy?: Grouping;

  @IsOptional()
  @IsString({ message: 'timezone must be given once' })
  timezone?: string;
}

/** `GET /api/v1/reports/export` */
export class ExportQuery extends NumbersQuery {
  @IsOptional()
  @IsIn(EXPORT_FORMATS, { message: `format must be one of ${EXPORT_FORMATS.join(', ')}` })
  format?: ExportFormat;

  @IsOptional()
  @Flag()
  @IsIn([true, false], FLAG_MESSAGE)
  includeTexts?: boolean;
}

/** `POST /api/v1/reports/rebuild` */
export class RebuildBody {
  @Time()
  since!: Date;
}
