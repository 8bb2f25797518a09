import { PostackEvent } from './postack-event.js';

/**
 * Fired for an authentic event whose type this package does not know: nothing is lost when Postack adds one.
 * `wireType` is the type as Postack wrote it, `payload` the whole body.
 */
export class UnknownPostackEvent extends PostackEvent {
  static readonly type = 'unknown';
  readonly type = UnknownPostackEvent.type;
}
