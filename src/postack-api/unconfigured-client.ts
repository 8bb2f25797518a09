import { ConflictError } from '../errors/request-errors.js';
import { PostackClient } from './postack-client.js';

/** Nothing can be sent, because no API key is configured. */
export class MissingApiKeyError extends ConflictError {
  readonly code = 'POSTACK_API_KEY_MISSING';
  override readonly name = 'MissingApiKeyError';

  constructor() {
    super(
      'Sending requires an API key of Postack. Set the option "api.apiKey" of PostackModule, or POSTACK_API_KEY for the ' +
        'service',
    );
  }
}

/** The client of an application without an API key: every call rejects with `MissingApiKeyError`. */
export class UnconfiguredPostackClient extends PostackClient {
  constructor() {
    super({ apiKey: 'none' });
  }

  override send(): Promise<never> {
    return Promise.reject(new MissingApiKeyError());
  }

  override fetch(): Promise<never> {
    return Promise.reject(new MissingApiKeyError());
  }
}
