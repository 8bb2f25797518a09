import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module.js';
import { Inbox } from './inbox.js';

/** Stores events, durably, before they are acknowledged. */
@Module({
  imports: [EventsModule],
  providers: [Inbox],
  exports: [Inbox],
})
export class InboxModule {}
