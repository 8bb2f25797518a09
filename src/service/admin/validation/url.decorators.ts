import { Transform } from 'class-transformer';

/** In a URL, a `+` that is not written as `%2B` is a blank. */
export function NumberInUrl(): PropertyDecorator {
  return Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? value.replace(/^ (?=\d)/, '+') : value,
  );
}

const FLAGS: Record<string, boolean> = { true: true, false: false };

/** A parameter that is `true` or `false`, or absent. */
export function Flag(): PropertyDecorator {
  return Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? (FLAGS[value] ?? value) : value,
  );
}
