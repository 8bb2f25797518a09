import { Module } from '@nestjs/common';
import { MessagesModule } from '../messages/messages.module.js';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { WebhookModule } from '../webhook/webhook.module.js';
import { JobsModule } from '../jobs/jobs.module.js';
import { Reports } from './reports.js';
import { ReportExport } from './report-export.js';
import { ReportRebuild } from './report-rebuild.js';
import { ReportJob } from './report-job.js';
import { ReportMarks } from './report-marks.js';
import { RequestCounts } from './request-counts.js';

/** Computes, reports, exports and rebuilds metrics of messages, conversations, latency and errors. */
@Module({
  imports: [MessagesModule, DispatchModule, WebhookModule, JobsModule],
  providers: [Reports, ReportExport, ReportRebuild, ReportMarks, ReportJob, RequestCounts],
  exports: [Reports, ReportExport, ReportRebuild, ReportJob],
})
export class ReportsModule {}
