import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DispatchBatch } from '../../dispatch/dispatch-batch.js';
import { ReportsOptions } from '../reports.options.js';
import { ReportDeltas } from './report-deltas.js';
import { addToReports } from './report-store.js';

/**
 * Counts events of all types by the time of their receipt, and how long they took to arrive, in the transaction that
 * dispatches them. One round trip per batch.
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
      for (const { receivedAt, occurredAt } of events) deltas.addEvent(receivedAt, occurredAt);
      await addToReports(deltas, manager);
    });
  }
}
