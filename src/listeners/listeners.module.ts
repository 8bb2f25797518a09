import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { HandlerRegistry } from './handler-registry.js';
import { LISTENER_EMITTER } from './listener-emitter.js';
import { Subscriptions } from './subscriptions.js';

/** Finds the listeners and projections of the application, and knows who subscribes to what in all processes. */
@Module({
  imports: [DiscoveryModule],
  providers: [
    HandlerRegistry,
    Subscriptions,
    { provide: LISTENER_EMITTER, useFactory: () => new EventEmitter2() },
  ],
  exports: [HandlerRegistry, Subscriptions, LISTENER_EMITTER],
})
export class ListenersModule {}
