import { Module } from '@nestjs/common';
import { Suppressions } from './suppressions.js';

/** Numbers that get no messages because messages to them fail. */
@Module({
  providers: [Suppressions],
  exports: [Suppressions],
})
export class SuppressionsModule {}
