import { ConflictError, InvalidRequestError, NotFoundError } from '../errors/request-errors.js';

/** No listener or projection has this name. */
export class HandlerNotFoundError extends NotFoundError {
  readonly code = 'POSTACK_HANDLER_NOT_FOUND';
  override readonly name = 'HandlerNotFoundError';

  constructor(name: string) {
    super(`There is no listener with the name "${name}"`);
  }
}

/** A projection was to be paused: only listeners can be. */
export class InvalidPauseError extends InvalidRequestError {
  readonly code = 'POSTACK_PAUSE_INVALID';
  override readonly name = 'InvalidPauseError';
}

/** A listener was to be retired that a running process has. */
export class ListenerInUseError extends ConflictError {
  readonly code = 'POSTACK_LISTENER_IN_USE';
  override readonly name = 'ListenerInUseError';

  constructor(name: string) {
    super(
      `"${name}" is still in use: a running process has it. Remove it from the code of every process (or switch it off ` +
        'with the option "listeners"), deploy, and retire it then',
    );
  }
}

/** A dispatch transaction took longer than `dispatchTimeoutMs`. */
export class DispatchTimeoutError extends Error {
  readonly code = 'POSTACK_DISPATCH_TIMEOUT';
  override readonly name = 'DispatchTimeoutError';

  constructor(timeoutMs: number) {
    super(`not committed after ${timeoutMs} ms: PostgreSQL does not respond, or a projection hangs`);
  }
}
