import { PermanentError } from '../listeners/listener-errors.js';

/** The answer of a policy or rule can never be sent: it is empty or too long, or its recipient is invalid. */
export class UnsendableAnswerError extends PermanentError {
  override readonly code = 'POSTACK_ANSWER_UNSENDABLE';
  override readonly name = 'UnsendableAnswerError';

  /**
   * @param source What gave the answer, for example `the reply rule "Hours"`.
   * @param cause Why the answer cannot be sent.
   */
  constructor(source: string, cause: Error) {
    super(`The answer of ${source} cannot be sent: ${cause.message}`, { cause });
  }
}
