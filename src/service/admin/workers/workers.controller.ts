import { Get } from '@nestjs/common';
import { ListenerControl } from '../../../dispatch/listener-control.js';
import type { WorkerState } from '../../../dispatch/listener-state.js';
import { AdminController } from '../admin-controller.decorator.js';

/** The running processes that dispatch and call listeners. */
@AdminController('workers')
export class WorkersController {
  constructor(private readonly listeners: ListenerControl) {}

  @Get()
  async list(): Promise<{ items: WorkerState[] }> {
    return { items: await this.listeners.workers() };
  }
}
