import { ConflictError, InvalidRequestError, NotFoundError } from '../errors/request-errors.js';

/** No event has this `svix-id`. */
export class EventNotFoundError extends NotFoundError {
  readonly code = 'POSTACK_EVENT_NOT_FOUND';
  override readonly name = 'EventNotFoundError';

  constructor(eventId: string) {
    super(`There is no event with the svix-id "${eventId}"`);
  }
}

/** A handler has no dead letter for this event. */
export class DeadLetterNotFoundError extends NotFoundError {
  readonly code = 'POSTACK_DEAD_LETTER_NOT_FOUND';
  override readonly name = 'DeadLetterNotFoundError';

  constructor(eventId: string, handler: string) {
    super(`"${handler}" has no dead letter for an event with the svix-id "${eventId}"`);
  }
}

/** No replay has this id. */
export class ReplayNotFoundError extends NotFoundError {
  readonly code = 'POSTACK_REPLAY_NOT_FOUND';
  override readonly name = 'ReplayNotFoundError';

  constructor(id: string) {
    super(`There is no replay with the id "${id}"`);
  }
}

/** The application has no listener or projection of this name. */
export class HandlerNotFoundError extends NotFoundError {
  readonly code = 'POSTACK_HANDLER_NOT_FOUND';
  override readonly name = 'HandlerNotFoundError';

  constructor(name: string) {
    super(`There is no listener with the name "${name}"`);
  }
}

/** An outcome is not what it has to be for this: it is not dead, or the handler is gone, or the event's body. */
export class DeadLetterStateError extends ConflictError {
  readonly code = 'POSTACK_DEAD_LETTER_STATE';
  override readonly name = 'DeadLetterStateError';
}

/** An event that cannot be replayed: quarantined, not dispatched yet, without body, or nobody subscribes to it. */
export class EventNotReplayableError extends ConflictError {
  readonly code = 'POSTACK_EVENT_NOT_REPLAYABLE';
  override readonly name = 'EventNotReplayableError';
}

/** A replay that has ended cannot be paused, resumed or cancelled. */
export class ReplayStateError extends ConflictError {
  readonly code = 'POSTACK_REPLAY_STATE';
  override readonly name = 'ReplayStateError';
}

/** A replay that cannot be: its listener is a projection or unknown, its rate impossible. */
export class InvalidReplayError extends InvalidRequestError {
  readonly code = 'POSTACK_REPLAY_INVALID';
  override readonly name = 'InvalidReplayError';
}

/** Only listeners can be paused. */
export class InvalidPauseError extends InvalidRequestError {
  readonly code = 'POSTACK_PAUSE_INVALID';
  override readonly name = 'InvalidPauseError';
}
