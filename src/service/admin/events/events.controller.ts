import { Body, Get, HttpCode, NotFoundException, Param, Post, Query } from '@nestjs/common';
import {
  EventQueries,
  type EventDetail,
  type EventSummary,
} from '../../../dispatch/outcomes/event-queries.js';
import { UndecidedEvents, type DiscardReceipt } from '../../../dispatch/outcomes/undecided-events.js';
import type { ReinterpretReceipt, ReplayReceipt } from '../../../replays/replay-request.js';
import { Replays } from '../../../replays/replays.js';
import type { Page } from '../../../database/keyset-page.js';
import { AdminController } from '../admin-controller.decorator.js';
import {
  DiscardEventsBody,
  ListEventsQuery,
  ReinterpretEventsBody,
  ReplayEventBody,
  ReplayEventsBody,
} from './dto/events.dto.js';

/** Received events and their processing status. */
@AdminController('events')
export class EventsController {
  constructor(
    private readonly events: EventQueries,
    private readonly replays: Replays,
    private readonly undecided: UndecidedEvents,
  ) {}

  @Get()
  list(@Query() query: ListEventsQuery): Promise<Page<EventSummary>> {
    return this.events.list(query);
  }

  @Get(':id')
  async find(@Param('id') id: string): Promise<EventDetail> {
    const event = await this.events.find(id);
    if (!event) throw new NotFoundException(`There is no event with the svix-id "${id}"`);
    return event;
  }

  @Post('replay')
  @HttpCode(202)
  replayMany(@Body() body: ReplayEventsBody): Promise<ReplayReceipt> {
    return this.replays.replay(body);
  }

  @Post('reinterpret')
  @HttpCode(202)
  reinterpret(@Body() body: ReinterpretEventsBody): Promise<ReinterpretReceipt> {
    return this.replays.reinterpret(body);
  }

  @Post('discard')
  @HttpCode(200)
  discard(@Body() body: DiscardEventsBody): Promise<DiscardReceipt> {
    return this.undecided.discard(body);
  }

  @Post(':id/replay')
  @HttpCode(202)
  replay(@Param('id') id: string, @Body() { listener }: ReplayEventBody): Promise<ReplayReceipt> {
    return this.replays.replayEvent(id, listener);
  }
}
