import { Body, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ListenerControl } from '../../../dispatch/listener-control.js';
import type { ListenerState } from '../../../dispatch/listener-state.js';
import { HandlerNotFoundError } from '../../../dispatch/dispatch-errors.js';
import type { ReplayReceipt } from '../../../replays/replay-request.js';
import { Replays } from '../../../replays/replays.js';
import { AdminController } from '../admin-controller.decorator.js';
import { RequiredReason } from '../dto/reason.dto.js';
import { ReplayRequestBody } from '../replays/dto/replays.dto.js';
import { PauseListenerBody } from './dto/listeners.dto.js';

/** The listeners and projections of this application. */
@AdminController('listeners')
export class ListenersController {
  constructor(
    private readonly listeners: ListenerControl,
    private readonly replays: Replays,
  ) {}

  @Get()
  async list(): Promise<{ items: ListenerState[] }> {
    return { items: await this.listeners.report() };
  }

  @Get(':name')
  async find(@Param('name') name: string): Promise<ListenerState> {
    const listener = await this.listeners.find(name);
    if (!listener) throw new HandlerNotFoundError(name);
    return listener;
  }

  @Post(':name/pause')
  @HttpCode(200)
  async pause(@Param('name') name: string, @Body() { reason }: PauseListenerBody): Promise<ListenerState> {
    await this.listeners.pause(name, reason);
    return this.find(name);
  }

  @Post(':name/resume')
  @HttpCode(200)
  async resume(@Param('name') name: string): Promise<ListenerState> {
    await this.listeners.resume(name);
    return this.find(name);
  }

  /** Retires a listener that no process has any more. */
  @Delete(':name')
  async retire(
    @Param('name') name: string,
    @Query() { reason }: RequiredReason,
  ): Promise<{ discarded: number }> {
    return { discarded: await this.listeners.retire(name, reason) };
  }

  @Post(':name/backfill')
  @HttpCode(202)
  async backfill(@Param('name') name: string, @Body() body: ReplayRequestBody): Promise<ReplayReceipt> {
    await this.find(name);
    return this.replays.backfill(name, body);
  }
}
