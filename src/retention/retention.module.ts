import { Module } from '@nestjs/common';
import { JobsModule } from '../jobs/jobs.module.js';
import { Retention } from './retention.js';
import { RetentionSchedule } from './retention-schedule.js';

/** Removes old events. */
@Module({
  imports: [JobsModule],
  providers: [Retention, RetentionSchedule],
  exports: [Retention],
})
export class RetentionModule {}
