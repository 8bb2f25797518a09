import { storableText } from '../errors/storable-text.js';
import type { PostackApiError } from '../postack-api/postack-api-errors.js';

const MAX_CODE_LENGTH = 200;

/** Why Postack did not accept a message, as stored: without texts, phone numbers and API keys. */
export interface SendError {
  /** `PostackApiError.code`. */
  code: string;
  /** Postack's own code, if it gave one. */
  apiCode: string | null;
  message: string;
  /** What an operator can do. */
  action: string;
  /** ISO 8601 UTC. */
  at: string;
}

export function toSendError({ code, apiCode, message, action }: PostackApiError): SendError {
  return {
    ...{ code, action, at: new Date().toISOString() },
    // Postack's own texts.
    apiCode: apiCode === null ? null : storableText(apiCode, MAX_CODE_LENGTH),
    message: storableText(message),
  };
}
