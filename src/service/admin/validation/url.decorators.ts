import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { IsIn, IsOptional, IsString } from 'class-validator';

/** An optional query parameter; given twice, it would be an array. */
export function OptionalParameter(): PropertyDecorator {
  return applyDecorators(IsOptional(), IsString({ message: '$property must be given once' }));
}

/** An optional query parameter that holds a phone number: an unescaped `+` arrives as a space and is restored. */
export function OptionalNumberParameter(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' ? value.replace(/^ (?=\d)/, '+') : value,
    ),
    OptionalParameter(),
  );
}

const FLAGS: Record<string, boolean> = { true: true, false: false };

/** An optional query parameter that is `true` or `false`. */
export function OptionalFlag(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' ? (FLAGS[value] ?? value) : value,
    ),
    IsOptional(),
    IsIn([true, false], { message: '$property must be true or false' }),
  );
}
