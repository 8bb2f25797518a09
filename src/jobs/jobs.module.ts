import { Module } from '@nestjs/common';
import { Leases } from './leases.js';
import { Notifications } from './notifications.js';
import { PgBossService } from './pg-boss.service.js';
import { Shutdown } from './shutdown.js';
import { Workers } from './workers.js';

/** Background jobs: pg-boss, its queues and schedules; the processes, and notifications between them. */
@Module({
  providers: [PgBossService, Workers, Shutdown, Notifications, Leases],
  exports: [PgBossService, Workers, Shutdown, Notifications, Leases],
})
export class JobsModule {}
