import { Body, Get, HttpCode, Param, Post, Query, Req, type StreamableFile } from '@nestjs/common';
import type { Page } from '../../../database/keyset-page.js';
import type { OptOutEntity } from '../../../opt-outs/opt-out.entity.js';
import type { OptOutEvidenceEntity } from '../../../opt-outs/opt-out-evidence.entity.js';
import type { OptOutImport } from '../../../opt-outs/opt-out-import.js';
import { OptOutLedger } from '../../../opt-outs/opt-out-ledger.js';
import { AdminController } from '../admin-controller.decorator.js';
import { PageQuery } from '../dto/page.dto.js';
import { RequiredReason } from '../dto/reason.dto.js';
import { withCsvBody, type CsvRequest } from '../streaming/csv-body.js';
import { streamedResponse } from '../streaming/streamed-response.js';
import {
  ListOptOutReviewsQuery,
  ListOptOutsQuery,
  OptInBody,
  OptOutBody,
  ResolveOptOutReviewBody,
} from './dto/opt-outs.dto.js';

/** The opt-out ledger: who must not be sent messages. */
@AdminController('opt-outs')
export class OptOutsController {
  constructor(private readonly ledger: OptOutLedger) {}

  @Get()
  list(@Query() { number: peer, ...query }: ListOptOutsQuery): Promise<Page<OptOutEntity>> {
    return this.ledger.list({ peer, ...query });
  }

  @Get('export')
  export(): Promise<StreamableFile> {
    return streamedResponse(this.ledger.exportCsv(), {
      type: 'text/csv; charset=utf-8',
      disposition: 'attachment; filename="opt-outs.csv"',
    });
  }

  @Post('import')
  @HttpCode(200)
  import(@Query() query: RequiredReason, @Req() request: CsvRequest): Promise<OptOutImport> {
    return withCsvBody(request, (body) => this.ledger.importCsv(body, query));
  }

  @Get('reviews')
  reviews(@Query() query: ListOptOutReviewsQuery): Promise<Page<OptOutEvidenceEntity>> {
    return this.ledger.reviews(query);
  }

  @Post('reviews/:id')
  @HttpCode(200)
  resolve(@Param('id') id: string, @Body() body: ResolveOptOutReviewBody): Promise<OptOutEvidenceEntity> {
    return this.ledger.resolveReview(id, body);
  }

  @Post()
  @HttpCode(200)
  optOut(@Body() { number: peer, ...body }: OptOutBody): Promise<OptOutEntity> {
    return this.ledger.optOut({ peer, ...body });
  }

  @Post(':number/opt-in')
  @HttpCode(200)
  optIn(@Param('number') peer: string, @Body() { ownNumber, reason }: OptInBody): Promise<OptOutEntity> {
    return this.ledger.optIn({ peer, ownNumber, reason });
  }

  @Get(':number/history')
  history(@Param('number') number: string, @Query() query: PageQuery): Promise<Page<OptOutEvidenceEntity>> {
    return this.ledger.history(number, query);
  }
}
