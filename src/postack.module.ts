import { type DynamicModule, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { AlertsModule } from './alerts/alerts.module.js';
import { DispatchModule } from './dispatch/dispatch.module.js';
import { FailuresModule } from './failures/failures.module.js';
import { InboxModule } from './inbox/inbox.module.js';
import { ListenersModule } from './listeners/listeners.module.js';
import { MessagesModule } from './messages/messages.module.js';
import { OptOutsModule } from './opt-outs/opt-outs.module.js';
import { OutboxModule } from './outbox/outbox.module.js';
import { PostackApiModule } from './postack-api/postack-api.module.js';
import { ReplaysModule } from './replays/replays.module.js';
import { RepliesModule } from './replies/replies.module.js';
import { ReportsModule } from './reports/reports.module.js';
import { RetentionModule } from './retention/retention.module.js';
import { SuppressionsModule } from './suppressions/suppressions.module.js';
import { WireFormatModule } from './wire-format/wire-format.module.js';
import { WebhookModule } from './webhook/webhook.module.js';
import { PostackBootLog } from './postack.boot-log.js';
import { type ASYNC_OPTIONS_TYPE, type OPTIONS_TYPE, PostackCoreModule } from './postack.core.module.js';

/** In the order in which an event passes them. */
const FEATURES = [
  WebhookModule,
  InboxModule,
  DispatchModule,
  ListenersModule,
  ReplaysModule,
  MessagesModule,
  OptOutsModule,
  SuppressionsModule,
  OutboxModule,
  PostackApiModule,
  RepliesModule,
  FailuresModule,
  AlertsModule,
  ReportsModule,
  RetentionModule,
  WireFormatModule,
];

/**
 * Receives Postack's webhooks in a Nest application, stores them, and delivers them to listeners.
 *
 * An event passes `webhook/`, `inbox/` and `dispatch/`, then projections and listeners; see `src/README.md`.
 */
@Module({ imports: [...FEATURES, DiscoveryModule], providers: [PostackBootLog], exports: FEATURES })
export class PostackModule {
  /**
   * Imports the module with the given options.
   *
   * @throws {ConfigurationError} at boot, naming every invalid option.
   */
  static forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    return withCore(PostackCoreModule.forRoot(options), options.isGlobal);
  }

  /** Imports the module with options from a factory, for example one that injects a configuration service. */
  static forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return withCore(PostackCoreModule.forRootAsync(options), options.isGlobal);
  }
}

function withCore(core: DynamicModule, isGlobal = true): DynamicModule {
  return { module: PostackModule, global: isGlobal, imports: [core] };
}
