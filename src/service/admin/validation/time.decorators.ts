import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { IsDate, IsOptional } from 'class-validator';
import { parseIsoTime } from '../../../events/iso-time.js';

const MESSAGE = {
  message: '$property must be a time in ISO 8601, like 2026-01-31T08:00:00Z (in a URL, write + as %2B)',
};

/** An optional ISO 8601 time; UTC unless it has an offset. */
export function OptionalTime(): PropertyDecorator {
  return applyDecorators(IsOptional(), Time());
}

/** An ISO 8601 time; UTC unless it has an offset. */
export function Time(): PropertyDecorator {
  return applyDecorators(
    // Invalid text stays text, which IsDate rejects.
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' ? (parseIsoTime(value) ?? value) : value,
    ),
    IsDate(MESSAGE),
  );
}
