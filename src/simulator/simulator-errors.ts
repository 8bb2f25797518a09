/** An invalid option or argument. */
export class SimulatorOptionError extends Error {
  readonly code = 'POSTACK_SIMULATOR_OPTION_INVALID';
  override readonly name = 'SimulatorOptionError';
}

/** No endpoint is registered with this id. */
export class UnknownEndpointError extends Error {
  readonly code = 'POSTACK_SIMULATOR_ENDPOINT_UNKNOWN';
  override readonly name = 'UnknownEndpointError';

  constructor(id: string) {
    super(`There is no endpoint "${id}": use the id that registerEndpoint returned`);
  }
}

/** No event with this id has been delivered. */
export class UnknownEventError extends Error {
  readonly code = 'POSTACK_SIMULATOR_EVENT_UNKNOWN';
  override readonly name = 'UnknownEventError';

  constructor(id: string) {
    super(`There is no event "${id}" to redeliver: use the eventId of one of the deliveries`);
  }
}

/** A customer has not received a matching SMS in time. */
export class NothingReceivedError extends Error {
  readonly code = 'POSTACK_SIMULATOR_NOTHING_RECEIVED';
  override readonly name = 'NothingReceivedError';

  constructor(timeoutMs: number, inboxSize: number) {
    super(
      `The customer received no matching SMS within ${timeoutMs} ms; the inbox holds ${inboxSize} others. ` +
        'Check that it was sent to this number, and that the number is not a magic number without delivery',
    );
  }
}

/** The local Postack was used after `stop`. */
export class SimulatorStoppedError extends Error {
  readonly code = 'POSTACK_SIMULATOR_STOPPED';
  override readonly name = 'SimulatorStoppedError';

  constructor() {
    super('The local Postack has been stopped: start a new one');
  }
}

/** Background work has failed, such as an automatic reply that threw: see `cause`. */
export class BackgroundFailureError extends Error {
  readonly code = 'POSTACK_SIMULATOR_BACKGROUND_FAILED';
  override readonly name = 'BackgroundFailureError';

  constructor(cause: unknown) {
    super('Background work failed: see the cause, and the functions registered with autoReply', {
      cause,
    });
  }
}
