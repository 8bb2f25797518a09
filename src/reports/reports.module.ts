import { Module } from '@nestjs/common';
import { MessagesModule } from '../messages/messages.module.js';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { WebhookModule } from '../webhook/webhook.module.js';
import { JobsModule } from '../jobs/jobs.module.js';
import { Reports } from './reports.js';
import { ReportExport } from './report-export.js';
import { ReportRebuild } from './report-rebuild.js';
import { MessageReports } from './rollups/message-reports.js';
import { EventReports } from './rollups/event-reports.js';
import { RequestCounts } from './rollups/request-counts.js';
import { SlotMerge } from './rollups/slot-merge.js';
import { SlotMergeSchedule } from './rollups/slot-merge-schedule.js';

/** Collects, reports, exports and rebuilds metrics of messages, conversations, latency and errors. */
@Module({
  imports: [MessagesModule, DispatchModule, WebhookModule, JobsModule],
  providers: [
    Reports,
    ReportExport,
    ReportRebuild,
    MessageReports,
    EventReports,
    RequestCounts,
    SlotMerge,
    SlotMergeSchedule,
  ],
  exports: [Reports, ReportExport, ReportRebuild],
})
export class ReportsModule {}
