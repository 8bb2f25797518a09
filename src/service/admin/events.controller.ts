import { Controller, Get, NotFoundException, Param, Query, UseGuards } from '@nestjs/common';
import { EventLog, type EventDetail, type EventSummary } from '../../dispatch/event-log.js';
import type { Page } from '../../paging.js';
import { AdminKeyGuard } from './admin-key.guard.js';
import { ListEventsQuery } from './list.queries.js';

/** What came in, and what became of it. */
@Controller('api/v1/events')
@UseGuards(AdminKeyGuard)
export class EventsController {
  constructor(private readonly events: EventLog) {}

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
}
