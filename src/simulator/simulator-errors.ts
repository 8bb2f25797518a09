/** Something was asked of the local Postack that makes no sense. */
export class SimulatorOptionError extends Error {
  readonly code = 'POSTACK_SIMULATOR_OPTION_INVALID';
  override readonly name = 'SimulatorOptionError';
}

/** No endpoint is registered with the local Postack under this id. */
export class UnknownEndpointError extends Error {
  readonly code = 'POSTACK_SIMULATOR_ENDPOINT_UNKNOWN';
  override readonly name = 'UnknownEndpointError';

  constructor(id: string) {
    super(`There is no endpoint "${id}": use the id that registerEndpoint has returned`);
  }
}

/** The local Postack has never sent an event with this id. */
export class UnknownEventError extends Error {
  readonly code = 'POSTACK_SIMULATOR_EVENT_UNKNOWN';
  override readonly name = 'UnknownEventError';

  constructor(id: string) {
    super(`There is no event "${id}" to deliver again: use the eventId of one of the deliveries`);
  }
}

/** A customer has waited in vain for an SMS. */
export class NothingReceivedError extends Error {
  readonly code = 'POSTACK_SIMULATOR_NOTHING_RECEIVED';
  override readonly name = 'NothingReceivedError';

  constructor(timeoutMs: number, inboxSize: number) {
    super(
      `The customer has not got the SMS within ${timeoutMs} ms; there are ${inboxSize} others in the inbox. ` +
        'Was it sent, to this number, and not to one that is never delivered to?',
    );
  }
}

/** The local Postack was asked to do something after it had been stopped. */
export class SimulatorStoppedError extends Error {
  readonly code = 'POSTACK_SIMULATOR_STOPPED';
  override readonly name = 'SimulatorStoppedError';

  constructor() {
    super('The local Postack has been stopped: start another one');
  }
}

/** Something that nobody waits for has failed, such as an automatic reply that threw: see `cause`. */
export class BackgroundFailureError extends Error {
  readonly code = 'POSTACK_SIMULATOR_BACKGROUND_FAILED';
  override readonly name = 'BackgroundFailureError';

  constructor(cause: unknown) {
    super(
      'Something has failed in the background: look at the cause, and at what is registered with autoReply',
      {
        cause,
      },
    );
  }
}
