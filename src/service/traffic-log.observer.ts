import { Injectable, Logger } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { ANY_EVENT_NOTICE } from '../dispatch/observer-notices.js';
import type { PostackEvent } from '../events/postack-event.js';

/** One line for each dispatched event, at the level `debug`. An observer: it costs no job, and may miss some. */
@Injectable()
export class TrafficLogObserver {
  readonly #logger = new Logger('PostackTraffic');

  @OnEvent(ANY_EVENT_NOTICE)
  onEvent(event: PostackEvent): void {
    this.#logger.debug(`${event.wireType} ${event.id}, received ${event.receivedAt.toISOString()}`);
  }
}
