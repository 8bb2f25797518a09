import { ConflictError, InvalidRequestError, NotFoundError } from '../errors/request-errors.js';

/** No event has this `svix-id`. */
export class EventNotFoundError extends NotFoundError {
  readonly code = 'POSTACK_EVENT_NOT_FOUND';
  override readonly name = 'EventNotFoundError';

  constructor(eventId: string) {
    super(`There is no event with the svix-id "${eventId}"`);
  }
}

/** The event cannot be replayed: quarantined, not dispatched yet, without payload, or without subscribed listener. */
export class EventNotReplayableError extends ConflictError {
  readonly code = 'POSTACK_EVENT_NOT_REPLAYABLE';
  override readonly name = 'EventNotReplayableError';
}

/** The listener or projection has no dead letter for this event. */
export class DeadLetterNotFoundError extends NotFoundError {
  readonly code = 'POSTACK_DEAD_LETTER_NOT_FOUND';
  override readonly name = 'DeadLetterNotFoundError';

  constructor(eventId: string, handler: string) {
    super(`"${handler}" has no dead letter for an event with the svix-id "${eventId}"`);
  }
}

/** The dead letter cannot be redriven or discarded: its status does not allow it, or its handler or payload is gone. */
export class DeadLetterStateError extends ConflictError {
  readonly code = 'POSTACK_DEAD_LETTER_STATE';
  override readonly name = 'DeadLetterStateError';
}

/** No replay has this id. */
export class ReplayNotFoundError extends NotFoundError {
  readonly code = 'POSTACK_REPLAY_NOT_FOUND';
  override readonly name = 'ReplayNotFoundError';

  constructor(id: string) {
    super(`There is no replay with the id "${id}"`);
  }
}

/** The replay has ended: it can no longer be paused, resumed or cancelled. */
export class ReplayStateError extends ConflictError {
  readonly code = 'POSTACK_REPLAY_STATE';
  override readonly name = 'ReplayStateError';
}

/** The request for a replay is invalid: its listener is unknown or a projection, or its rate is out of range. */
export class InvalidReplayError extends InvalidRequestError {
  readonly code = 'POSTACK_REPLAY_INVALID';
  override readonly name = 'InvalidReplayError';
}
