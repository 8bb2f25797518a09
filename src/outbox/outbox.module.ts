import { Module } from '@nestjs/common';
import { JobsModule } from '../jobs/jobs.module.js';
import { MessagesModule } from '../messages/messages.module.js';
import { OptOutsModule } from '../opt-outs/opt-outs.module.js';
import { SuppressionsModule } from '../suppressions/suppressions.module.js';
import { PostackApiModule } from '../postack-api/postack-api.module.js';
import { Outbox } from './outbox.js';
import { OutboxQueue } from './outbox-queue.js';
import { OutboxSender } from './outbox-sender.js';
import { OutboxDelivery } from './outbox-delivery.js';
import { SendReconciler } from './send-reconciler.js';
import { OutboxQueries } from './outbox-queries.js';
import { HeldMessages } from './held-messages.js';
import { SendRules } from './send-rules/send-rules.js';
import { LoopGuard } from './send-rules/loop-guard.js';
import { REPLY_SINK } from '../events/reply-scope.js';

/** Stores outbound messages and sends each at most once, subject to the send rules. */
@Module({
  imports: [JobsModule, MessagesModule, OptOutsModule, SuppressionsModule, PostackApiModule],
  providers: [
    Outbox,
    OutboxQueue,
    OutboxSender,
    OutboxDelivery,
    SendReconciler,
    OutboxQueries,
    HeldMessages,
    SendRules,
    LoopGuard,
    { provide: REPLY_SINK, useExisting: Outbox },
  ],
  exports: [Outbox, OutboxDelivery, OutboxQueries, HeldMessages, REPLY_SINK],
})
export class OutboxModule {}
