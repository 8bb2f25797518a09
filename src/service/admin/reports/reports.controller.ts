import { Readable } from 'node:stream';
import { Body, Controller, Get, HttpCode, Post, Query, UseGuards, type StreamableFile } from '@nestjs/common';
import { ReportExport, type ExportFormat } from '../../../reports/report-export.js';
import { ReportRebuild } from '../../../reports/report-rebuild.js';
import { Reports, type ReportSummary } from '../../../reports/reports.js';
import type { TimeSeries } from '../../../reports/time-series.js';
import { AdminKeyGuard } from '../admin-key.guard.js';
import {
  ExportQuery,
  LatencyQuery,
  NumbersQuery,
  RebuildBody,
  ReportQuery,
  TimeSeriesQuery,
} from './dto/reports.dto.js';
import { streamedAnswer } from '../http/streamed-answer.js';

const NDJSON = 'application/x-ndjson';

const CONTENT_TYPES: Record<ExportFormat, string> = { csv: 'text/csv; charset=utf-8', ndjson: NDJSON };

/** Figures of messages and events. */
@Controller('api/v1/reports')
@UseGuards(AdminKeyGuard)
export class ReportsController {
  constructor(
    private readonly reports: Reports,
    private readonly exports: ReportExport,
    private readonly rebuilds: ReportRebuild,
  ) {}

  @Get('summary')
  summary(@Query() query: ReportQuery): Promise<ReportSummary> {
    return this.reports.summary(query);
  }

  @Get('timeseries')
  timeseries(@Query() query: TimeSeriesQuery): Promise<TimeSeries> {
    return this.reports.timeseries(query);
  }

  @Get('errors')
  errors(@Query() query: ReportQuery): ReturnType<Reports['errors']> {
    return this.reports.errors(query);
  }

  @Get('latency')
  latency(@Query() query: LatencyQuery): ReturnType<Reports['latency']> {
    return this.reports.latency(query);
  }

  @Get('numbers')
  numbers(@Query() query: NumbersQuery): ReturnType<Reports['numbers']> {
    return this.reports.numbers(query);
  }

  @Get('export')
  export(@Query() query: ExportQuery): Promise<StreamableFile> {
    const { format = 'csv' } = query;
    return streamedAnswer(this.exports.open(query), {
      type: CONTENT_TYPES[format],
      disposition: `attachment; filename="messages.${format}"`,
    });
  }

  /** Answers one line for each step forward, and `{"isDone":true}` at the end: without that, it is to be run again. */
  @Post('rebuild')
  @HttpCode(200)
  rebuild(@Body() { since }: RebuildBody): Promise<StreamableFile> {
    const lines = Readable.from(linesOf(this.rebuilds.run(since)), { objectMode: false });
    return streamedAnswer(lines, { type: NDJSON });
  }
}

async function* linesOf(progress: AsyncIterable<object>): AsyncGenerator<string> {
  for await (const step of progress) yield `${JSON.stringify(step)}\n`;
  yield '{"isDone":true}\n';
}
