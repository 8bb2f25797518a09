import { Readable } from 'node:stream';
import { Body, Get, HttpCode, Post, Query, type StreamableFile } from '@nestjs/common';
import { ReportExport, type ExportFormat } from '../../../reports/report-export.js';
import { ReportRebuild } from '../../../reports/report-rebuild.js';
import { Reports } from '../../../reports/reports.js';
import { AdminController } from '../admin-controller.decorator.js';
import { streamedResponse } from '../streaming/streamed-response.js';
import {
  AnswersReportQuery,
  ComparedReportQuery,
  ExportMessagesQuery,
  HeatMapReportQuery,
  LatencyReportQuery,
  NumbersReportQuery,
  RebuildReportsBody,
  TimeSeriesReportQuery,
} from './dto/reports.dto.js';

const NDJSON = 'application/x-ndjson';

const CONTENT_TYPES: Record<ExportFormat, string> = { csv: 'text/csv; charset=utf-8', ndjson: NDJSON };

/** Metrics of messages and events, and the export of messages. */
@AdminController('reports')
export class ReportsController {
  constructor(
    private readonly reports: Reports,
    private readonly exports: ReportExport,
    private readonly rebuilds: ReportRebuild,
  ) {}

  @Get('freshness')
  freshness(): ReturnType<Reports['freshness']> {
    return this.reports.freshness();
  }

  @Get('summary')
  summary(@Query() query: ComparedReportQuery): ReturnType<Reports['summary']> {
    return this.reports.summary(query);
  }

  @Get('timeseries')
  timeseries(@Query() query: TimeSeriesReportQuery): ReturnType<Reports['timeseries']> {
    return this.reports.timeseries(query);
  }

  @Get('heatmap')
  heatmap(@Query() query: HeatMapReportQuery): ReturnType<Reports['heatmap']> {
    return this.reports.heatmap(query);
  }

  @Get('errors')
  errors(@Query() query: ComparedReportQuery): ReturnType<Reports['errors']> {
    return this.reports.errors(query);
  }

  @Get('latency')
  latency(@Query() query: LatencyReportQuery): ReturnType<Reports['latency']> {
    return this.reports.latency(query);
  }

  @Get('answers')
  answers(@Query() query: AnswersReportQuery): ReturnType<Reports['answers']> {
    return this.reports.answers(query);
  }

  @Get('numbers')
  numbers(@Query() query: NumbersReportQuery): ReturnType<Reports['numbers']> {
    return this.reports.numbers(query);
  }

  @Get('export')
  export(@Query() query: ExportMessagesQuery): Promise<StreamableFile> {
    const { format = 'csv' } = query;
    return streamedResponse(this.exports.open(query), {
      type: CONTENT_TYPES[format],
      disposition: `attachment; filename="messages.${format}"`,
    });
  }

  /** Responds with one line for each step, and `{"isDone":true}` at the end; without that line, run it again. */
  @Post('rebuild')
  @HttpCode(200)
  rebuild(@Body() { since }: RebuildReportsBody): Promise<StreamableFile> {
    const lines = Readable.from(linesOf(this.rebuilds.run(since)), { objectMode: false });
    return streamedResponse(lines, { type: NDJSON });
  }
}

async function* linesOf(progress: AsyncIterable<object>): AsyncGenerator<string> {
  for await (const step of progress) yield `${JSON.stringify(step)}\n`;
  yield '{"isDone":true}\n';
}
