import { Body, Delete, Get, HttpCode, Param, Post, Query, Req, type StreamableFile } from '@nestjs/common';
import type { Page } from '../../../database/keyset-page.js';
import type { NumberListImport } from '../../../csv/number-list-import.js';
import type { SuppressionEntity } from '../../../suppressions/suppression.entity.js';
import { Suppressions } from '../../../suppressions/suppressions.js';
import { AdminController } from '../admin-controller.decorator.js';
import { RequiredReason } from '../dto/reason.dto.js';
import { withCsvBody, type CsvRequest } from '../streaming/csv-body.js';
import { streamedResponse } from '../streaming/streamed-response.js';
import { ListSuppressionsQuery, SuppressNumberBody } from './dto/suppressions.dto.js';

/** Numbers to which no messages are sent. */
@AdminController('suppressions')
export class SuppressionsController {
  constructor(private readonly suppressions: Suppressions) {}

  @Get()
  list(@Query() query: ListSuppressionsQuery): Promise<Page<SuppressionEntity>> {
    return this.suppressions.list(query);
  }

  @Get('export')
  export(): Promise<StreamableFile> {
    return streamedResponse(this.suppressions.exportCsv(), {
      type: 'text/csv; charset=utf-8',
      disposition: 'attachment; filename="suppressions.csv"',
    });
  }

  @Post('import')
  @HttpCode(200)
  import(@Query() query: RequiredReason, @Req() request: CsvRequest): Promise<NumberListImport> {
    return withCsvBody(request, (body) => this.suppressions.importCsv(body, query));
  }

  @Post()
  @HttpCode(200)
  add(@Body() body: SuppressNumberBody): Promise<SuppressionEntity> {
    return this.suppressions.add(body);
  }

  @Delete(':number')
  remove(@Param('number') number: string, @Query() { reason }: RequiredReason): Promise<SuppressionEntity> {
    return this.suppressions.remove({ number, reason });
  }
}
