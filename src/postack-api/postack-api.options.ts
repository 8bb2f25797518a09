import { applyOptions } from '../errors/option-rules.js';
import type { PostackClient } from './postack-client.js';
import type { PostackClientOptions } from './postack-client.options.js';

/** Access to Postack's REST API: `apiKey`, and the other options of `PostackClient`. */
export interface PostackApiAccess extends Omit<PostackClientOptions, 'requestRate'> {
  /** Maximum requests per second with one API key, by all processes together. 1 to 1,000. Default 10. */
  requestsPerSecond?: number;
}

/** Options for requests to Postack. */
export class PostackApiOptions {
  /**
   * Access to Postack: `{ apiKey }` and the other options of `PostackClient`, or a `PostackClient` of your own. Without it
   * nothing is sent, and automatic replies are off. Default: none.
   */
  api: PostackApiAccess | PostackClient | null = null;

  constructor(given: PostackApiOptionsInput = {}) {
    applyOptions(this, given);
  }
}

export type PostackApiOptionsInput = Partial<PostackApiOptions>;
