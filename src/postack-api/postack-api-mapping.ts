import type { JsonObject } from '../events/json.js';
import type { OutboundSms } from './postack-message.js';

/**
 * Paths and fields of the REST API. Postack publishes its base URL, its authentication and its error codes, but neither
 * paths nor fields, so each entry can be replaced by the client's option `mapping`. Fields are dotted paths, tried in
 * order; the first with a usable value wins.
 */
export interface PostackApiMapping {
  /** The request that sends an SMS; the path is appended to the base URL. */
  send: { method: 'POST' | 'PUT'; path: string };
  /** The request that fetches one message; `:id` becomes its id, percent-encoded. */
  fetch: { method: 'GET'; path: string };
  /** The JSON body that sends an SMS. */
  request: (sms: OutboundSms) => JsonObject;
  /** In a response: the message's id. */
  id: string[];
  /** In a response: the message's status. */
  status: string[];
  /** In a response: the error code of a failed message. */
  errorCode: string[];
  /** In an error response: Postack's error code. */
  apiCode: string[];
  /** In an error response: Postack's error message. */
  apiMessage: string[];
}

/** The default of the option `mapping`. */
export const DEFAULT_POSTACK_API_MAPPING: Readonly<PostackApiMapping> = {
  send: { method: 'POST', path: '/messages' },
  fetch: { method: 'GET', path: '/messages/:id' },
  request: ({ from, to, text }) => ({ sender: from, recipient: to, text }),
  id: ['id', 'messageId', 'message_id', 'data.id'],
  status: ['status', 'data.status'],
  errorCode: ['errorCode', 'error_code', 'error.code', 'data.errorCode', 'data.error_code'],
  apiCode: ['error.code', 'code', 'errorCode', 'error_code'],
  apiMessage: ['error.message', 'message', 'detail'],
};
