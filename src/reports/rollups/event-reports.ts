import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DispatchBatch } from '../../dispatch/dispatch-batch.js';
import { ReportsOptions } from '../reports.options.js';
import { ReportDeltas } from './report-deltas.js';
import { addToReports } from './report-store.js';

/**
 * Counts the events of every type, and how long they took to get here, in the transaction that dispatches them: each
 * once, when it was received. One round trip for a batch.
 */
@Injectable()
export class EventReports implements OnModuleInit {
  constructor(
    private readonly options: ReportsOptions,
    private readonly batches: DispatchBatch,
  ) {}

  onModuleInit(): void {
    if (!this.options.reports) return;
    this.batches.onBatch(async (events, manager) => {
      const deltas = new ReportDeltas();
      for (const { receivedAt, occurredAt } of events) deltas.accepted(receivedAt, occurredAt);
      await addToReports(deltas, manager);
    });
  }
}
