import { PostackEvent, type PostackEventEnvelope } from './postack-event.js';

/**
 * Fired for an authentic event whose type this package does not know: nothing is lost when Postack adds one.
 * `wireType` is the type as Postack wrote it, `payload` the whole body.
 */
export class UnknownPostackEvent extends PostackEvent {
  static readonly type = 'unknown';
  readonly type = UnknownPostackEvent.type;

  constructor(
    envelope: PostackEventEnvelope,
    /** Whether the configuration says that its type is of no interest. */
    readonly isIgnored = false,
  ) {
    super(envelope);
  }
}

/** Whether an event is of a type that is declared as ignored. */
export function isIgnored(event: PostackEvent): boolean {
  return event instanceof UnknownPostackEvent && event.isIgnored;
}
