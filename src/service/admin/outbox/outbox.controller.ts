import { Body, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import type { Page } from '../../../database/keyset-page.js';
import { HeldMessages } from '../../../outbox/held-messages.js';
import { Outbox } from '../../../outbox/outbox.js';
import { OutboxQueries, type OutboxMessage } from '../../../outbox/outbox-queries.js';
import type { OutboxReceipt } from '../../../outbox/outbox-message.js';
import { OutboxMessageNotFoundError } from '../../../outbox/outbox-errors.js';
import { AdminController } from '../admin-controller.decorator.js';
import { RequiredReason } from '../dto/reason.dto.js';
import { AcceptMessageBody, EnqueueMessageBody, ListOutboxQuery } from './dto/outbox.dto.js';

/** Outbound messages: enqueue, look up, and decide on those that are held. */
@AdminController('outbox')
export class OutboxController {
  constructor(
    private readonly outbox: Outbox,
    private readonly queries: OutboxQueries,
    private readonly held: HeldMessages,
  ) {}

  @Get()
  list(@Query() query: ListOutboxQuery): Promise<Page<OutboxMessage>> {
    return this.queries.list(query);
  }

  /** Enqueues a message. With an `idempotencyKey` that was used before, returns the earlier message. */
  @Post()
  @HttpCode(202)
  enqueue(@Body() body: EnqueueMessageBody): Promise<OutboxReceipt> {
    const { from, to, text, category, idempotencyKey, notBefore, timeZone } = body;
    return this.outbox.enqueue({
      from,
      to,
      text,
      category,
      idempotencyKey,
      // Validation accepts `null` as absent.
      notBefore: notBefore ?? undefined,
      timeZone: timeZone ?? undefined,
    });
  }

  @Get(':id')
  async find(@Param('id') id: string): Promise<OutboxMessage> {
    const message = await this.queries.find(id);
    if (!message) throw new OutboxMessageNotFoundError(id);
    return message;
  }

  @Post(':id/release')
  @HttpCode(200)
  release(@Param('id') id: string, @Body() { reason }: RequiredReason): Promise<OutboxMessage> {
    return this.held.release(id, reason);
  }

  @Post(':id/cancel')
  @HttpCode(200)
  cancel(@Param('id') id: string, @Body() { reason }: RequiredReason): Promise<OutboxMessage> {
    return this.held.cancel(id, reason);
  }

  @Post(':id/accept')
  @HttpCode(200)
  accept(@Param('id') id: string, @Body() { messageId }: AcceptMessageBody): Promise<OutboxMessage> {
    return this.held.accept(id, messageId);
  }
}
