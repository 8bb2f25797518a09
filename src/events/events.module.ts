import { Module } from '@nestjs/common';
import { EventParser } from './event-parser.js';
import { EventsOptions } from './events.options.js';

/** Reads the bytes of events into typed events. */
@Module({
  providers: [
    {
      provide: EventParser,
      useFactory: ({ eventTypes, mapping }: EventsOptions) => new EventParser(eventTypes, mapping),
      inject: [EventsOptions],
    },
  ],
  exports: [EventParser],
})
export class EventsModule {}
