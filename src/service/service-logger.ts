import { isatty } from 'node:tty';
import { ConsoleLogger, type LogLevel } from '@nestjs/common';
import { LOG_LEVELS, type ServiceConfig } from './config/service.config.js';

/** Nest's own startup lines: a screenful that would scroll the banner away. */
const FRAMEWORK_CONTEXTS = new Set<unknown>([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);

/**
 * The log of the service: one line per entry, times in ISO 8601 UTC, errors to stderr, colours only on a terminal.
 * Nest's own startup lines are omitted unless the level is `debug` or `verbose`.
 */
export class ServiceLogger extends ConsoleLogger {
  constructor(level: ServiceConfig['logLevel']) {
    const logLevels: LogLevel[] = LOG_LEVELS.slice(0, LOG_LEVELS.indexOf(level) + 1);
    const colors = isatty(process.stdout.fd) && !process.env['NO_COLOR'];
    super({ prefix: 'postack', logLevels: ['fatal', ...logLevels], colors });
  }

  override log(message: unknown, ...contextLast: unknown[]): void {
    if (FRAMEWORK_CONTEXTS.has(contextLast.at(-1)) && !this.isLevelEnabled('debug')) return;
    super.log(message, ...contextLast);
  }

  override error(message: unknown, ...contextLast: unknown[]): void {
    // Nest logs the error that it then throws; `main.ts` prints it, once.
    if (contextLast.at(-1) === 'ExceptionHandler') return;
    super.error(message, ...contextLast);
  }

  protected override getTimestamp(): string {
    return new Date().toISOString();
  }
}
