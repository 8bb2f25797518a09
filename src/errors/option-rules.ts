import { IsInt, Max, Min } from 'class-validator';
import { ConfigurationError } from './configuration-error.js';

/**
 * Sets the options that were given; those that are `undefined` or `null` keep their default. An option that is itself an
 * object with defaults is set property by property.
 *
 * @param options Holds a default for every option.
 * @throws {ConfigurationError} when a group of options is not an object.
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

/** An object of options: an instance of a class of this package, not a list, a map or a value of the host's. */
function isGroup(value: unknown): value is object {
  return value instanceof OptionGroup;
}

/** Base of a class of options that is itself one option. */
// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- tells such an object from a value of the host's
export abstract class OptionGroup {}

/** A whole number. `name` in the message is the property's, after `prefix`: `"replies.loopGuard.perDay"`. */
export function IsWhole(unit: string, min: number, max = Infinity, prefix = ''): PropertyDecorator {
  const range = max === Infinity ? `, at least ${min}` : `, from ${min} to ${max}`;
  const rule = { message: `"${prefix}$property" must be a whole number of ${unit}${range}` };
  return (target, property) => {
    IsInt(rule)(target, property);
    Min(min, rule)(target, property);
    if (max !== Infinity) Max(max, rule)(target, property);
  };
}
