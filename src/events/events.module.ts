import { Module } from '@nestjs/common';
import { EventParser } from './event-parser.js';
import { EventsOptions } from './events.options.js';
import { UnrecognizedEvents } from './unrecognized-events.js';

/** Reads the bytes of events into typed events. */
@Module({
  providers: [
    UnrecognizedEvents,
    {
      provide: EventParser,
      useFactory: (options: EventsOptions) => new EventParser(options),
      inject: [EventsOptions],
    },
  ],
  exports: [EventParser, UnrecognizedEvents],
})
export class EventsModule {}
