import { validateSync, type ValidationError } from 'class-validator';

/** Invalid configuration, thrown at startup. Lists every invalid setting and how to fix it. */
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
  const problems = validationProblems(settings);
  if (problems.length > 0) throw new ConfigurationError(subject, problems);
}

/** One line for each property that is wrong by its class-validator decorators. */
export function validationProblems(settings: object): string[] {
  const errors = validateSync(settings, { forbidUnknownValues: false });
  // One rule may consist of several constraints with the same message.
  return [...new Set(errors.flatMap(messagesOf))];
}

function messagesOf(error: ValidationError): string[] {
  return [...Object.values(error.constraints ?? {}), ...(error.children ?? []).flatMap(messagesOf)];
}
