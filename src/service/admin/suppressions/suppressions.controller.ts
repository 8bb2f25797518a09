import {
  Body,
  Controller,
  Get,
  HttpCode,
  Post,
  Query,
  Req,
  UseGuards,
  type StreamableFile,
} from '@nestjs/common';
import type { Page } from '../../../database/keyset-page.js';
import type { NumberListImport } from '../../../csv/number-list-import.js';
import type { SuppressionEntity } from '../../../suppressions/suppression.entity.js';
import { Suppressions } from '../../../suppressions/suppressions.js';
import { AdminKeyGuard } from '../admin-key.guard.js';
import { withCsvBody, type CsvRequest } from '../http/csv-body.js';
import { streamedAnswer } from '../http/streamed-answer.js';
import {
  ImportSuppressionsQuery,
  ListSuppressionsQuery,
  RemoveSuppressionBody,
  SuppressionBody,
} from './dto/suppressions.dto.js';

/** Numbers that nothing is sent to. */
@Controller('api/v1/suppressions')
@UseGuards(AdminKeyGuard)
export class SuppressionsController {
  constructor(private readonly suppressions: Suppressions) {}

  @Get()
  list(@Query() query: ListSuppressionsQuery): Promise<Page<SuppressionEntity>> {
    return this.suppressions.list(query);
  }

  @Get('export')
  export(): Promise<StreamableFile> {
    return streamedAnswer(this.suppressions.exportCsv(), {
      type: 'text/csv; charset=utf-8',
      disposition: 'attachment; filename="suppressions.csv"',
    });
  }

  @Post('import')
  @HttpCode(200)
  import(@Query() query: ImportSuppressionsQuery, @Req() request: CsvRequest): Promise<NumberListImport> {
    return withCsvBody(request, (body) => this.suppressions.importCsv(body, query));
  }

  @Post()
  @HttpCode(200)
  add(@Body() body: SuppressionBody): Promise<SuppressionEntity> {
    return this.suppressions.add(body);
  }

  @Post('remove')
  @HttpCode(200)
  remove(@Body() body: RemoveSuppressionBody): Promise<SuppressionEntity> {
    return this.suppressions.remove(body);
  }
}
