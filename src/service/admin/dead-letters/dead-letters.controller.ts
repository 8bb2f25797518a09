import { Body, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import type { DeadLetter, DeadLetterDetail } from '../../../replays/dead-letter.js';
import { DeadLetters } from '../../../replays/dead-letters.js';
import { DeadLetterNotFoundError } from '../../../replays/replay-errors.js';
import type { ReplayReceipt } from '../../../replays/replay-request.js';
import { Replays } from '../../../replays/replays.js';
import type { Page } from '../../../database/keyset-page.js';
import { AdminController } from '../admin-controller.decorator.js';
import { RequiredReason } from '../dto/reason.dto.js';
import { ListDeadLettersQuery, RedriveDeadLettersBody } from './dto/dead-letters.dto.js';

/** Events that a listener or projection failed for permanently: an operator redrives or discards them. */
@AdminController('dead-letters')
export class DeadLettersController {
  constructor(
    private readonly deadLetters: DeadLetters,
    private readonly replays: Replays,
  ) {}

  @Get()
  list(@Query() query: ListDeadLettersQuery): Promise<Page<DeadLetter>> {
    return this.deadLetters.list(query);
  }

  @Post('redrive')
  @HttpCode(202)
  redriveMany(@Body() body: RedriveDeadLettersBody): Promise<ReplayReceipt> {
    return this.replays.redrive(body);
  }

  @Get(':eventId/:handler')
  async find(
    @Param('eventId') eventId: string,
    @Param('handler') handler: string,
  ): Promise<DeadLetterDetail> {
    const deadLetter = await this.deadLetters.find(eventId, handler);
    if (!deadLetter) throw new DeadLetterNotFoundError(eventId, handler);
    return deadLetter;
  }

  @Post(':eventId/:handler/redrive')
  @HttpCode(202)
  async redrive(
    @Param('eventId') eventId: string,
    @Param('handler') handler: string,
  ): Promise<ReplayReceipt> {
    await this.deadLetters.redrive(eventId, handler);
    return { matched: 1, scheduled: 1, replayId: null };
  }

  @Post(':eventId/:handler/discard')
  @HttpCode(200)
  async discard(
    @Param('eventId') eventId: string,
    @Param('handler') handler: string,
    @Body() { reason }: RequiredReason,
  ): Promise<DeadLetterDetail> {
    await this.deadLetters.discard(eventId, handler, reason);
    return this.find(eventId, handler);
  }
}
