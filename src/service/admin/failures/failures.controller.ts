import { Body, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { FailureQueries, type FailureDetail } from '../../../failures/failure-queries.js';
import { FailureNotFoundError } from '../../../failures/failure-errors.js';
import { FailureSummary, type FailureOverview } from '../../../failures/failure-summary.js';
import type { Page } from '../../../database/keyset-page.js';
import { AdminController } from '../admin-controller.decorator.js';
import { Period } from '../dto/period.dto.js';
import { RequiredReason } from '../dto/reason.dto.js';
import { ListFailuresQuery } from './dto/failures.dto.js';

/** Messages that were not delivered. */
@AdminController('failures')
export class FailuresController {
  constructor(
    private readonly failures: FailureQueries,
    private readonly counts: FailureSummary,
  ) {}

  @Get()
  list(@Query() query: ListFailuresQuery): Promise<Page<FailureDetail>> {
    return this.failures.list(query);
  }

  @Get('summary')
  summary(@Query() query: Period): Promise<FailureOverview> {
    return this.counts.count(query);
  }

  @Get(':messageId')
  async find(@Param('messageId') messageId: string): Promise<FailureDetail> {
    const failure = await this.failures.find(messageId);
    if (!failure) throw new FailureNotFoundError(messageId);
    return failure;
  }

  @Post(':messageId/acknowledge')
  @HttpCode(200)
  acknowledge(
    @Param('messageId') messageId: string,
    @Body() { reason }: RequiredReason,
  ): Promise<FailureDetail> {
    return this.failures.acknowledge(messageId, reason);
  }
}
