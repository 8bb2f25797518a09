import { isJsonObject, type JsonValue } from '../events/json.js';
import { asErrorCode, asIdentifier, compilePath, readPath } from '../events/payload-mapping.js';
import type { HttpResponse } from './http-exchange.js';
import {
  PostackAuthenticationError,
  PostackRateLimitedError,
  PostackRefusedError,
  PostackServerError,
  PostackUnavailableError,
  PostackUnreadableAnswerError,
  type PostackApiError,
  type PostackApiFailure,
} from './postack-api-errors.js';
import type { PostackApiMapping } from './postack-api-mapping.js';
import { POSTACK_API_REJECTIONS } from './postack-api-rejections.js';
import type { PostackMessage } from './postack-message.js';

/**
 * The message in a response.
 *
 * @param isRepeatable Whether the request can safely be repeated.
 * @throws {PostackApiError} for any status but 2xx, and for a response without a message id.
 */
export function readMessage(
  { status, retryAfterMs, body }: HttpResponse,
  mapping: PostackApiMapping,
  isRepeatable: boolean,
): PostackMessage {
  const isSuccess = status >= 200 && status < 300;
  if (isSuccess && isJsonObject(body)) {
    const id = read(body, mapping.id, asIdentifier);
    if (id !== null) {
      return {
        id,
        status: read(body, mapping.status, asIdentifier),
        errorCode: read(body, mapping.errorCode, asErrorCode),
        raw: body,
      };
    }
  }
  throw errorOf({
    status,
    retryAfterMs,
    isRepeatable,
    apiCode: isSuccess ? null : read(body, mapping.apiCode, asErrorCode),
    apiMessage: isSuccess ? null : read(body, mapping.apiMessage, asIdentifier),
  });
}

function read(
  body: JsonValue | undefined,
  paths: readonly string[],
  accept: (value: JsonValue) => string | null,
): string | null {
  return readPath(body, paths.map(compilePath), accept);
}

function errorOf(failure: PostackApiFailure & { status: number }): PostackApiError {
  const { status, apiCode } = failure;
  if (status === 429) return new PostackRateLimitedError(failure);
  if (status === 503) return new PostackUnavailableError(failure);
  if (status >= 500) return new PostackServerError(failure);
  if (status < 400) return new PostackUnreadableAnswerError(failure);
  if (isDocumented(apiCode)) return new POSTACK_API_REJECTIONS[apiCode](failure);
  if (status === 401 || status === 403) return new PostackAuthenticationError(failure);
  if (status === 408 || status === 409) return new PostackServerError(failure);
  return new PostackRefusedError(failure);
}

function isDocumented(apiCode: string | null | undefined): apiCode is keyof typeof POSTACK_API_REJECTIONS {
  return typeof apiCode === 'string' && Object.hasOwn(POSTACK_API_REJECTIONS, apiCode);
}
