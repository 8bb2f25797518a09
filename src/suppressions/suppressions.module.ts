import { Module } from '@nestjs/common';
import { Suppressions } from './suppressions.js';

/** Numbers to which no message is sent, because none arrives there. */
@Module({
  imports: [],
  providers: [Suppressions],
  exports: [Suppressions],
})
export class SuppressionsModule {}
