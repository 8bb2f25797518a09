import type { Provider } from '@nestjs/common';
import { EventReports } from './event-reports.js';
import { MessageReports } from './message-reports.js';
import { ReportExport } from './report-export.js';
import { ReportRebuild } from './report-rebuild.js';
import { Reports } from './reports.js';
import { RequestCounts } from './request-counts.js';
import { SlotMergeSchedule } from './slot-merge-schedule.js';
import { SlotMerge } from './slot-merge.js';

/** What of `reports/` the module provides. */
export const REPORT_PROVIDERS: Provider[] = [
  MessageReports,
  EventReports,
  RequestCounts,
  Reports,
  ReportExport,
  ReportRebuild,
  SlotMerge,
  SlotMergeSchedule,
];
