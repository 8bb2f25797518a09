import { Get, NotFoundException, Param, Query } from '@nestjs/common';
import type { MessageEntity } from '../../../messages/message.entity.js';
import { MessageQueries } from '../../../messages/message-queries.js';
import type { Page } from '../../../database/keyset-page.js';
import { AdminController } from '../admin-controller.decorator.js';
import { ListMessagesQuery } from './dto/messages.dto.js';

/** Messages, as known from the events. */
@AdminController('messages')
export class MessagesController {
  constructor(private readonly messages: MessageQueries) {}

  @Get()
  list(@Query() query: ListMessagesQuery): Promise<Page<MessageEntity>> {
    return this.messages.list(query);
  }

  @Get(':id')
  async find(@Param('id') id: string): Promise<MessageEntity> {
    const message = await this.messages.find(id);
    if (!message) throw new NotFoundException(`There is no message with the id "${id}"`);
    return message;
  }
}
