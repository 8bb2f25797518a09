import { Module } from '@nestjs/common';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { JobsModule } from '../jobs/jobs.module.js';
import { Alerts } from './alerts.js';
import { AlertNotices } from './alert-notices.js';
import { AlertWatch } from './alert-watch.js';
import { UnrecognizedWatch } from './unrecognized-watch.js';
import { SilenceWatch } from './silence-watch.js';
import { EventsModule } from '../events/events.module.js';
import { ReceiptsWatch } from './receipts-watch.js';

/** Raises, reports and resolves alerts; detects missing events and receipts. */
@Module({
  imports: [DispatchModule, EventsModule, JobsModule],
  providers: [Alerts, AlertNotices, AlertWatch, SilenceWatch, ReceiptsWatch, UnrecognizedWatch],
  exports: [Alerts],
})
export class AlertsModule {}
