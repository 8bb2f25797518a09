import { Controller, Get, UseGuards } from '@nestjs/common';
import { ListenerControl } from '../../../dispatch/listener-control.js';
import type { WorkerState } from '../../../dispatch/listener-state.js';
import { AdminKeyGuard } from '../admin-key.guard.js';

/** The running processes that dispatch and call listeners. */
@Controller('api/v1/workers')
@UseGuards(AdminKeyGuard)
export class WorkersController {
  constructor(private readonly listeners: ListenerControl) {}

  @Get()
  async list(): Promise<{ items: WorkerState[] }> {
    return { items: await this.listeners.workers() };
  }
}
