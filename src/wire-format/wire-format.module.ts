import { Module } from '@nestjs/common';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { EventsModule } from '../events/events.module.js';
import { WireFormat } from './wire-format.js';

/** Reports what Postack really sends, and suggests how to read it. */
@Module({
  imports: [DispatchModule, EventsModule],
  providers: [WireFormat],
  exports: [WireFormat],
})
export class WireFormatModule {}
