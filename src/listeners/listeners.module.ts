import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { HandlerRegistry } from './handler-registry.js';
import { LISTENER_EMITTER } from './listener-emitter.js';

/** Finds the listeners and projections of the application. */
@Module({
  imports: [DiscoveryModule],
  providers: [HandlerRegistry, { provide: LISTENER_EMITTER, useFactory: () => new EventEmitter2() }],
  exports: [HandlerRegistry, LISTENER_EMITTER],
})
export class ListenersModule {}
