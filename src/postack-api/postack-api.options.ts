import type { PostackClient } from './postack-client.js';
import type { PostackClientOptions } from './postack-client.options.js';

/** Access to Postack's REST API: `apiKey`, and the other options of `PostackClient`. */
export interface PostackApiAccess extends Omit<PostackClientOptions, 'requestRate'> {
  /** Requests per second of one API key, over all processes. 1 to 1,000. Default 10. */
  requestsPerSecond?: number;
}

/** Options of sending requests to Postack. */
export class PostackApiOptions {
  /**
   * How to send messages: `{ apiKey }` and the other options of `PostackClient`, or a `PostackClient` of your own. Without
   * it nothing is sent, and automatic replies are off. Default: none.
   */
  api: PostackApiAccess | PostackClient | null;

  constructor({ api }: PostackApiOptionsInput = {}) {
    this.api = api ?? null;
  }
}

export interface PostackApiOptionsInput {
  api?: PostackApiAccess | PostackClient;
}
