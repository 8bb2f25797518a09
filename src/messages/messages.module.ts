import { Module } from '@nestjs/common';
import { MessageStore } from './message-store.js';
import { MessagesProjection } from './messages.projection.js';
import { MessageQueries } from './message-queries.js';
import { OwnNumbers } from './own-numbers.js';

/** One row for each SMS, with its delivery state; and the own numbers. */
@Module({
  imports: [],
  providers: [MessageStore, MessagesProjection, MessageQueries, OwnNumbers],
  exports: [MessageStore, MessagesProjection, MessageQueries, OwnNumbers],
})
export class MessagesModule {}
