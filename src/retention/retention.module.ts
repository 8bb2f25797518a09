import { Module } from '@nestjs/common';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { JobsModule } from '../jobs/jobs.module.js';
import { Retention } from './retention.js';
import { RetentionSchedule } from './retention-schedule.js';

/** Removes old events. */
@Module({
  imports: [DispatchModule, JobsModule],
  providers: [Retention, RetentionSchedule],
  exports: [Retention],
})
export class RetentionModule {}
