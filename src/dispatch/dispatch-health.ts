import { Injectable } from '@nestjs/common';
import { JobsOptions } from '../jobs/jobs.options.js';
import { Leases } from '../jobs/leases.js';
import { Settlements } from './deliveries/settlements.js';
import { Dispatcher } from './dispatcher.js';
import { DispatchOptions } from './dispatch.options.js';

/** Retries and slow batches are normal; work that stands still for longer is not. */
const STALLED_AFTER_MS = 8000;

/** Whether this process can dispatch events, take deliveries, and record their outcomes. */
@Injectable()
export class DispatchHealth {
  constructor(
    private readonly jobs: JobsOptions,
    private readonly options: DispatchOptions,
    private readonly dispatcher: Dispatcher,
    private readonly leases: Leases,
    private readonly settlements: Settlements,
  ) {}

  /** What it cannot do at the moment. Always empty in a process that only accepts. */
  problems(): string[] {
    if (!this.jobs.works) return [];
    const isStalled = (sinceMs: number) => performance.now() - sinceMs > STALLED_AFTER_MS;
    return [
      isStalled(this.dispatcher.lastSuccessMs + this.options.pollIntervalMs) && 'Events are not dispatched',
      !this.leases.current && 'Deliveries are not taken',
      isStalled(this.settlements.waitingSinceMs) && 'Outcomes of listeners are not recorded',
    ].filter((problem) => problem !== false);
  }
}
