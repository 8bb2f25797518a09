import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { IsDate, IsOptional } from 'class-validator';

const MESSAGE = {
  message: '$property must be a time in ISO 8601, like 2026-01-31T08:00:00Z (in a URL, + is %2B)',
};

const ISO_TIME = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?)?$/;

/** A parameter that is a time, or absent. */
export function OptionalTime(): PropertyDecorator {
  return applyDecorators(IsOptional(), Time());
}

/** A parameter that is a time. */
export function Time(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? isoTime(value) : value)),
    IsDate(MESSAGE),
  );
}

/** UTC, unless the text says otherwise; without a meaning, the text itself. */
function isoTime(text: string): Date | string {
  const [match, zone] = ISO_TIME.exec(text) ?? [];
  if (match === undefined) return text;
  const day = text.slice(0, 10);
  const startOfDay = new Date(day);
  // JavaScript takes February 31st for March 3rd.
  if (Number.isNaN(startOfDay.getTime()) || !startOfDay.toISOString().startsWith(day)) return text;
  return new Date(zone === undefined && text.includes('T') ? `${text}Z` : text);
}
