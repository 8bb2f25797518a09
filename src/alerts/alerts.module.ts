import { Module } from '@nestjs/common';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { JobsModule } from '../jobs/jobs.module.js';
import { Alerts } from './alerts.js';
import { AlertNotices } from './alert-notices.js';
import { AlertWatch } from './alert-watch.js';
import { SilenceWatch } from './silence-watch.js';
import { ReceiptsWatch } from './receipts-watch.js';

/** Raises an alert when something is wrong, and resolves it. */
@Module({
  imports: [DispatchModule, JobsModule],
  providers: [Alerts, AlertNotices, AlertWatch, SilenceWatch, ReceiptsWatch],
  exports: [Alerts],
})
export class AlertsModule {}
