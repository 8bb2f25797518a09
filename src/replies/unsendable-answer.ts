import { PermanentError } from '../listeners/listener-errors.js';

/** A message was answered with something that cannot be sent: it is empty, or too long, or nobody can get it. */
export class UnsendableAnswerError extends PermanentError {
  override readonly code = 'POSTACK_ANSWER_UNSENDABLE';
  override readonly name = 'UnsendableAnswerError';

  /**
   * @param source Whose answer it is, for example `the reply rule "Hours"`.
   * @param cause Why it cannot be sent.
   */
  constructor(source: string, cause: Error) {
    super(`The answer of ${source} cannot be sent: ${cause.message}`, { cause });
  }
}
