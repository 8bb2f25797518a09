import type { PostackApiCode } from './postack-api-error-catalogue.js';
import { PostackApiError, type PostackApiFailure } from './postack-api-errors.js';

// One class for each documented error code of Postack. They occur with any 4xx status; nothing was accepted.

/** `invalid_sender`: the account may not send from this sender. */
export class PostackInvalidSenderError extends PostackApiError {
  readonly code = 'POSTACK_API_INVALID_SENDER';
  override readonly name = 'PostackInvalidSenderError';

  constructor(failure: PostackApiFailure) {
    super('invalid_sender', failure);
  }
}

/** `invalid_recipient`: the recipient is not a phone number in E.164. */
export class PostackInvalidRecipientError extends PostackApiError {
  readonly code = 'POSTACK_API_INVALID_RECIPIENT';
  override readonly name = 'PostackInvalidRecipientError';

  constructor(failure: PostackApiFailure) {
    super('invalid_recipient', failure);
  }
}

/** `invalid_short_code_recipient`: Postack does not send to this short code. */
export class PostackInvalidShortCodeRecipientError extends PostackApiError {
  readonly code = 'POSTACK_API_INVALID_SHORT_CODE_RECIPIENT';
  override readonly name = 'PostackInvalidShortCodeRecipientError';

  constructor(failure: PostackApiFailure) {
    super('invalid_short_code_recipient', failure);
  }
}

/** `messaging_disabled`: messaging is disabled for the account. */
export class PostackMessagingDisabledError extends PostackApiError {
  readonly code = 'POSTACK_API_MESSAGING_DISABLED';
  override readonly name = 'PostackMessagingDisabledError';

  constructor(failure: PostackApiFailure) {
    super('messaging_disabled', failure);
  }
}

/** `tollfree_verification_required`: the sender is a toll-free number that has not been verified. */
export class PostackTollfreeVerificationRequiredError extends PostackApiError {
  readonly code = 'POSTACK_API_TOLLFREE_VERIFICATION_REQUIRED';
  override readonly name = 'PostackTollfreeVerificationRequiredError';

  constructor(failure: PostackApiFailure) {
    super('tollfree_verification_required', failure);
  }
}

/** `missing_campaign`: the sender does not belong to a 10DLC campaign. */
export class PostackMissingCampaignError extends PostackApiError {
  readonly code = 'POSTACK_API_MISSING_CAMPAIGN';
  override readonly name = 'PostackMissingCampaignError';

  constructor(failure: PostackApiFailure) {
    super('missing_campaign', failure);
  }
}

/** `unsupported_destination`: Postack does not send to the recipient's country. */
export class PostackUnsupportedDestinationError extends PostackApiError {
  readonly code = 'POSTACK_API_UNSUPPORTED_DESTINATION';
  override readonly name = 'PostackUnsupportedDestinationError';

  constructor(failure: PostackApiFailure) {
    super('unsupported_destination', failure);
  }
}

/** `destination_disabled`: sending to the recipient's country is disabled for the account. */
export class PostackDestinationDisabledError extends PostackApiError {
  readonly code = 'POSTACK_API_DESTINATION_DISABLED';
  override readonly name = 'PostackDestinationDisabledError';

  constructor(failure: PostackApiFailure) {
    super('destination_disabled', failure);
  }
}

/** `invalid_text`: the text is missing or too long. */
export class PostackInvalidTextError extends PostackApiError {
  readonly code = 'POSTACK_API_INVALID_TEXT';
  override readonly name = 'PostackInvalidTextError';

  constructor(failure: PostackApiFailure) {
    super('invalid_text', failure);
  }
}

/** `invalid_message`: there is no message with this id. */
export class PostackInvalidMessageError extends PostackApiError {
  readonly code = 'POSTACK_API_INVALID_MESSAGE';
  override readonly name = 'PostackInvalidMessageError';

  constructor(failure: PostackApiFailure) {
    super('invalid_message', failure);
  }
}

/** The class for each documented code. */
export const POSTACK_API_REJECTIONS: Readonly<
  Record<PostackApiCode, new (failure: PostackApiFailure) => PostackApiError>
> = {
  invalid_sender: PostackInvalidSenderError,
  invalid_recipient: PostackInvalidRecipientError,
  invalid_short_code_recipient: PostackInvalidShortCodeRecipientError,
  messaging_disabled: PostackMessagingDisabledError,
  tollfree_verification_required: PostackTollfreeVerificationRequiredError,
  missing_campaign: PostackMissingCampaignError,
  unsupported_destination: PostackUnsupportedDestinationError,
  destination_disabled: PostackDestinationDisabledError,
  invalid_text: PostackInvalidTextError,
  invalid_message: PostackInvalidMessageError,
};
