import { Module } from '@nestjs/common';
import { InboxModule } from '../inbox/inbox.module.js';
import { JobsModule } from '../jobs/jobs.module.js';
import { SvixSignatureGuard } from './svix-signature.guard.js';
import { WebhookController } from './webhook.controller.js';
import { WebhookCounters } from './webhook-counters.js';
import { WebhookRoute } from './webhook.route.js';

/** Receives webhooks: the route, the signature, the answer. */
@Module({
  imports: [InboxModule, JobsModule],
  providers: [SvixSignatureGuard, WebhookController, WebhookCounters, WebhookRoute],
  exports: [SvixSignatureGuard, WebhookCounters],
})
export class WebhookModule {}
