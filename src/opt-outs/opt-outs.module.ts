import { Module } from '@nestjs/common';
import { MessagesModule } from '../messages/messages.module.js';
import { OptOutLedger } from './opt-out-ledger.js';
import { OptOutsProjection } from './opt-outs.projection.js';

/** Opt-outs of customers, with the evidence for each. */
@Module({
  imports: [MessagesModule],
  providers: [OptOutLedger, OptOutsProjection],
  exports: [OptOutLedger],
})
export class OptOutsModule {}
