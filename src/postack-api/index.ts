// nestjs-postack/api: Postack's REST API. Pinned by test/public-surface.test.ts; changes belong in CHANGELOG.md.

import '../errors/node-version.js';
export {
  POSTACK_API_CODES,
  POSTACK_CAUSE_CLASSES,
  type PostackApiCode,
  type PostackCauseClass,
} from './postack-api-error-catalogue.js';
export {
  PostackApiError,
  PostackAuthenticationError,
  PostackConnectionLostError,
  PostackOnHoldError,
  PostackRateLimitedError,
  PostackRefusedError,
  PostackServerError,
  PostackTimeoutError,
  PostackUnavailableError,
  PostackUnreachableError,
  PostackUnreadableAnswerError,
} from './postack-api-errors.js';
export { DEFAULT_POSTACK_API_MAPPING, type PostackApiMapping } from './postack-api-mapping.js';
export {
  PostackDestinationDisabledError,
  PostackInvalidMessageError,
  PostackInvalidRecipientError,
  PostackInvalidSenderError,
  PostackInvalidShortCodeRecipientError,
  PostackInvalidTextError,
  PostackMessagingDisabledError,
  PostackMissingCampaignError,
  PostackTollfreeVerificationRequiredError,
  PostackUnsupportedDestinationError,
} from './postack-api-rejections.js';
export {
  PostackClient,
  type OutboundSms,
  type PostackClientOptions,
  type PostackMessage,
  type PostackRequestOptions,
} from './postack-client.js';
export type { RequestPriority } from './request-queue.js';
export { memoryRequestRate, postgresRequestRate, RequestRate } from './request-rate.js';
export { MissingApiKeyError } from './unconfigured-client.js';
