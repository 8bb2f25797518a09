import { applyDecorators } from '@nestjs/common';
import { IsArray, IsIn, IsNotEmpty, IsString, MaxLength, ValidateIf } from 'class-validator';

/** One of a fixed list of strings. */
export function OneOf(values: readonly string[]): PropertyDecorator {
  return IsIn(values, { message: `$property must be one of ${values.join(', ')}` });
}

/** A string of any length; its meaning is checked by the service that takes it. */
export function Text(): PropertyDecorator {
  return IsString({ message: '$property must be a string' });
}

/** A list of strings. */
export function Texts(): PropertyDecorator {
  const message = { message: '$property must be a list of strings' };
  return applyDecorators(IsArray(message), IsString({ ...message, each: true }));
}

/** A string of 1 to `maxLength` characters. */
export function BoundedText(maxLength: number): PropertyDecorator {
  const options = { message: `$property must be a string of 1 to ${maxLength} characters` };
  return applyDecorators(IsString(options), IsNotEmpty(options), MaxLength(maxLength, options));
}

/** May be left out, but not be `null`. */
export function IfGiven(): PropertyDecorator {
  return ValidateIf((_body, value) => value !== undefined);
}
