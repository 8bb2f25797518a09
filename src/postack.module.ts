import { type DynamicModule, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { EventEmitterModule } from '@nestjs/event-emitter';
import type { DataSource } from 'typeorm';
import { Dispatcher } from './dispatch/dispatcher.js';
import { EventLog } from './dispatch/event-log.js';
import { HandlerRegistry } from './dispatch/handler-registry.js';
import { JobQueue } from './dispatch/job-queue.js';
import { ObserverNotices } from './dispatch/observer-notices.js';
import { Outcomes } from './dispatch/outcomes.js';
import { ProjectionRunner } from './dispatch/projection-runner.js';
import { StoredEvents } from './dispatch/stored-events.js';
import { EventParser } from './events/event-parser.js';
import { UndeliveredListener } from './failures/undelivered.listener.js';
import { Inbox } from './inbox/inbox.js';
import { MessageLog } from './messages/message-log.js';
import { MessagesProjection } from './messages/messages.projection.js';
import { POSTACK_DATA_SOURCE } from './postack.data-source.js';
import {
  type ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  HOST_DATA_SOURCE,
  MODULE_OPTIONS_TOKEN,
  type OPTIONS_TYPE,
} from './postack.module-definition.js';
import { POSTACK_OPTIONS, type PostackModuleOptions, ResolvedPostackOptions } from './postack.options.js';
import { checkedDataSource, PostackSchemaCheck } from './postack.schema-check.js';
import { SvixSignatureGuard } from './webhook/svix-signature.guard.js';
import { WebhookController } from './webhook/webhook.controller.js';
import { WebhookCounters } from './webhook/webhook-counters.js';
import { WebhookRoute } from './webhook/webhook.route.js';

/**
 * Receives Postack's webhooks in a Nest application, stores them, and hands them to listeners.
 *
 * The road of an event, top to bottom: `webhook/`, `inbox/`, `dispatch/`, then projections and listeners.
 */
@Module({
  imports: [DiscoveryModule, EventEmitterModule.forRoot({ global: false })],
  providers: [
    {
      provide: POSTACK_OPTIONS,
      useFactory: (options: PostackModuleOptions) => new ResolvedPostackOptions(options),
      inject: [MODULE_OPTIONS_TOKEN],
    },
    {
      provide: POSTACK_DATA_SOURCE,
      useFactory: (dataSource: DataSource | null) => checkedDataSource(dataSource ?? undefined),
      inject: [HOST_DATA_SOURCE],
    },
    PostackSchemaCheck,
    // webhook/
    WebhookRoute,
    SvixSignatureGuard,
    // Bound by WebhookRoute, not by Nest's router.
    WebhookController,
    WebhookCounters,
    // events/
    {
      provide: EventParser,
      useFactory: ({ eventTypes, payload }: ResolvedPostackOptions) => new EventParser(eventTypes, payload),
      inject: [POSTACK_OPTIONS],
    },
    // inbox/
    Inbox,
    // dispatch/
    Dispatcher,
    HandlerRegistry,
    JobQueue,
    StoredEvents,
    Outcomes,
    ProjectionRunner,
    ObserverNotices,
    EventLog,
    // messages/
    MessagesProjection,
    MessageLog,
    // failures/
    UndeliveredListener,
  ],
  exports: [
    POSTACK_OPTIONS,
    SvixSignatureGuard,
    WebhookCounters,
    Dispatcher,
    HandlerRegistry,
    EventLog,
    MessageLog,
  ],
})
export class PostackModule extends ConfigurableModuleClass {
  /**
   * Imports the module with options known at once.
   *
   * @throws {ConfigurationError} at boot, naming every option that is wrong.
   */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    return super.forRoot(options);
  }

  /** Imports the module with options from a factory, for example one that injects a configuration service. */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return super.forRootAsync(options);
  }
}
