import type { DataSource } from 'typeorm';
import { PostackDatabase } from '../../src/database/postack-database.js';
import { KNOWN_EVENTS } from '../../src/events/event-types.js';
import { FailuresOptions } from '../../src/failures/failures.options.js';
import { MessageStore } from '../../src/messages/message-store.js';
import { MessagesProjection } from '../../src/messages/messages.projection.js';
import { ReportExport, ReportRebuild, Reports, type RebuildProgress } from '../../src/reports/index.js';
import type { ReportJob } from '../../src/reports/report-job.js';
import { markChanges } from '../../src/reports/report-marks.js';
import { ReportPass } from '../../src/reports/report-pass.js';
import { ReportsOptions, type SegmentPrices } from '../../src/reports/reports.options.js';
import { RetentionOptions } from '../../src/retention/retention.options.js';
import type { HistoryEvent } from './history.js';

/** The event as a listener receives it. */
export function eventOf({ id, type, at, errorCode, ...data }: HistoryEvent) {
  const eventClass = KNOWN_EVENTS.find((known) => known.type === type)!;
  const envelope = { id, endpoint: 'default', wireType: type, payload: {} };
  return new eventClass(
    { ...envelope, occurredAt: new Date(at), receivedAt: new Date(at + 1000) },
    { ...data, text: 'secret text', status: null, errorCode, errorMessage: null },
  );
}

/** The projection of messages of one process, which marks changes for reports. */
export function projectionOf(dataSource: DataSource, reports = true) {
  const store = new MessageStore();
  if (reports) store.onChange(markChanges);
  const messages = new MessagesProjection(store);
  /** Projects one batch in one transaction. */
  return (events: readonly HistoryEvent[]) =>
    dataSource.transaction((manager) => messages.project(events.map(eventOf), manager));
}

export function reportsOf(dataSource: DataSource, prices: SegmentPrices | null = null): Reports {
  return new Reports(
    new PostackDatabase(dataSource),
    new FailuresOptions(),
    new ReportsOptions({ reports: { prices } }),
  );
}

export function exportOf(dataSource: DataSource, prices: SegmentPrices | null = null): ReportExport {
  const options = new ReportsOptions({ reports: { prices } });
  return new ReportExport(new PostackDatabase(dataSource), new FailuresOptions(), options);
}

/** Computes the figures, as one process does. */
export function passOf(dataSource: DataSource, prices: Record<string, number> | null = null): ReportPass {
  return new ReportPass(new PostackDatabase(dataSource), prices);
}

/** Computes the figures of everything that is marked. */
export async function compute(dataSource: DataSource, prices?: Record<string, number>): Promise<void> {
  while (await passOf(dataSource, prices).run());
}

/** Rebuilds everything. @returns the progress. */
export async function rebuild(
  dataSource: DataSource,
  prices?: Record<string, number>,
): Promise<RebuildProgress[]> {
  const pass = passOf(dataSource, prices);
  const job = { rebuild: () => pass.rebuild() } as unknown as ReportJob;
  const rebuilds = new ReportRebuild(new RetentionOptions(), job, new PostackDatabase(dataSource));
  const steps: RebuildProgress[] = [];
  for await (const step of rebuilds.run(new Date(0))) steps.push(step);
  return steps;
}

/** The tables of the figures, and of what is still to be computed. */
export const REPORT_TABLES = ['count', 'duration', 'event', 'own_number', 'mark', 'window'].map(
  (name) => `postack.report_${name}`,
);
