import type { Provider } from '@nestjs/common';
import { EventReports } from './rollups/event-reports.js';
import { MessageReports } from './rollups/message-reports.js';
import { ReportExport } from './report-export.js';
import { ReportRebuild } from './rebuild/report-rebuild.js';
import { Reports } from './reports.js';
import { RequestCounts } from './rollups/request-counts.js';
import { SlotMergeSchedule } from './rollups/slot-merge-schedule.js';
import { SlotMerge } from './rollups/slot-merge.js';

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
