import { Injectable, Logger } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { ANY_EVENT_NOTICE } from '../dispatch/observer-notices.js';
import type { PostackEvent } from '../events/postack-event.js';

/** Logs each dispatched event at level `debug`. An observer, not a listener: it needs no jobs, and may miss events. */
@Injectable()
export class TrafficLogObserver {
  readonly #logger = new Logger('PostackTraffic');

  @OnEvent(ANY_EVENT_NOTICE)
  onEvent(event: PostackEvent): void {
    this.#logger.debug(`${event.wireType} ${event.id}, received ${event.receivedAt.toISOString()}`);
  }
}
