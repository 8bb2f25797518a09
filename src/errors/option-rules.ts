import { IsInt, Max, Min, ValidateBy } from 'class-validator';
import { ConfigurationError } from './configuration-error.js';

/**
 * Overwrites defaults with the given options. Options that are `undefined` or `null` keep their default; an
 * `OptionGroup` is set property by property.
 *
 * @param options Has a default for every option.
 * @throws {ConfigurationError} when the value of an `OptionGroup` is not an object.
 */
export function applyOptions(options: object, given: object = {}, path = ''): void {
  const target = options as Record<string, unknown>;
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null || !Object.hasOwn(target, name)) continue;
    const current = target[name];
    if (!isGroup(current)) target[name] = value;
    else if (typeof value === 'object') applyOptions(current, value as object, `${path}${name}.`);
    else
      throw new ConfigurationError('PostackModule options', [
        `"${path}${name}" must be an object of options`,
      ]);
  }
}

function isGroup(value: unknown): value is OptionGroup {
  return value instanceof OptionGroup;
}

/** Base class of options that are nested in another option. */
// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- tells them from lists and host objects
export abstract class OptionGroup {}

/**
 * Property decorator: a whole number.
 *
 * @param unit For the message: `milliseconds`.
 * @param prefix Of the property's name in the message: `replies.loopGuard.` gives `"replies.loopGuard.perDay"`.
 */
export function IsWhole(unit: string, min: number, max = Infinity, prefix = ''): PropertyDecorator {
  const range = max === Infinity ? `, at least ${min}` : `, from ${min} to ${max}`;
  const rule = { message: `"${prefix}$property" must be a whole number of ${unit}${range}` };
  return (target, property) => {
    IsInt(rule)(target, property);
    Min(min, rule)(target, property);
    if (max !== Infinity) Max(max, rule)(target, property);
  };
}

/** Property decorator: a value without problems. @param problemsOf One line for each thing that is wrong with it. */
export function HasNoProblems(problemsOf: (value: unknown) => readonly string[]): PropertyDecorator {
  return ValidateBy({
    name: 'hasNoProblems',
    validator: {
      validate: (value: unknown) => problemsOf(value).length === 0,
      defaultMessage: (context) => problemsOf(context?.value).join('; '),
    },
  });
}
