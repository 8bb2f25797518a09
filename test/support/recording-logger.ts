import type { LoggerService } from '@nestjs/common';

/** Keeps every line that is logged, at any level. */
export class RecordingLogger implements LoggerService {
  readonly lines: string[] = [];

  log = (...parts: unknown[]): void => {
    this.#record(parts);
  };
  error = this.log;
  warn = this.log;
  debug = this.log;
  verbose = this.log;
  fatal = this.log;

  #record(parts: unknown[]): void {
    // The last part is the context.
    this.lines.push(
      parts
        .slice(0, Math.max(1, parts.length - 1))
        .map(String)
        .join(' '),
    );
  }
}
