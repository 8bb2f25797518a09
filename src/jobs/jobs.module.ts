import { Module } from '@nestjs/common';
import { Notifications } from './notifications.js';
import { PgBossService } from './pg-boss.service.js';
import { Shutdown } from './shutdown.js';
import { Workers } from './workers.js';

/** Background jobs: pg-boss, its queues and schedules, and notifications between processes. */
@Module({
  providers: [PgBossService, Workers, Shutdown, Notifications],
  exports: [PgBossService, Workers, Shutdown, Notifications],
})
export class JobsModule {}
