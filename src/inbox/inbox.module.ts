import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module.js';
import { EventMappings } from './event-mappings.js';
import { Inbox } from './inbox.js';

/** Stores events, durably, before they are acknowledged. */
@Module({
  imports: [EventsModule],
  providers: [Inbox, EventMappings],
  exports: [Inbox, EventMappings],
})
export class InboxModule {}
