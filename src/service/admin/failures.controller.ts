import { Body, Controller, Get, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import { FailureLog, type FailureDetail } from '../../failures/failure-log.js';
import { FailureNotFoundError } from '../../failures/failure-refusals.js';
import { FailureSummary, type FailureOverview } from '../../failures/failure-summary.js';
import type { Page } from '../../paging.js';
import { AdminKeyGuard } from './admin-key.guard.js';
import { ListFailuresQuery, SummaryQuery } from './failures.queries.js';
import { ReasonBody } from './reason.body.js';

/** The messages that did not arrive. */
@Controller('api/v1/failures')
@UseGuards(AdminKeyGuard)
export class FailuresController {
  constructor(
    private readonly failures: FailureLog,
    private readonly counts: FailureSummary,
  ) {}

  @Get()
  list(@Query() query: ListFailuresQuery): Promise<Page<FailureDetail>> {
    return this.failures.list(query);
  }

  @Get('summary')
  summary(@Query() query: SummaryQuery): Promise<FailureOverview> {
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
  acknowledge(@Param('messageId') messageId: string, @Body() { reason }: ReasonBody): Promise<FailureDetail> {
    return this.failures.acknowledge(messageId, reason);
  }
}
