import { validateSync, type ValidationError } from 'class-validator';

/** Something was configured wrongly: the program does not start. The message names each setting and its mend. */
export class ConfigurationError extends Error {
  readonly code = 'POSTACK_CONFIGURATION_INVALID';
  override readonly name = 'ConfigurationError';

  constructor(
    /** What was being configured, for example `PostackModule options`. */
    subject: string,
    /** One line for each thing that is wrong. */
    readonly problems: readonly string[],
  ) {
    super(`${subject}: ${problems.length === 1 ? '' : '\n  - '}${problems.join('\n  - ')}`);
  }
}

/**
 * Checks an object by its class-validator decorators.
 *
 * @throws {ConfigurationError} naming every wrong property.
 */
export function assertValid(subject: string, settings: object): void {
  const errors = validateSync(settings, { forbidUnknownValues: false });
  // One rule may be made of several constraints with the same message.
  const problems = new Set(errors.flatMap(messagesOf));
  if (problems.size > 0) throw new ConfigurationError(subject, [...problems]);
}

function messagesOf(error: ValidationError): string[] {
  return [...Object.values(error.constraints ?? {}), ...(error.children ?? []).flatMap(messagesOf)];
}
