import { ConflictError } from '../errors/request-errors.js';
import { PostackClient } from './postack-client.js';

/** There is no way to Postack: the application has no API key. */
export class MissingApiKeyError extends ConflictError {
  readonly code = 'POSTACK_API_KEY_MISSING';
  override readonly name = 'MissingApiKeyError';

  constructor() {
    super(
      'Nothing can be sent without an API key of Postack: set the option "api.apiKey" of PostackModule, or ' +
        'POSTACK_API_KEY for the service',
    );
  }
}

/** Stands in for the client of an application without an API key: whoever uses it hears what is missing. */
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
