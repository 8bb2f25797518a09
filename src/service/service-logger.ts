import { isatty } from 'node:tty';
import { ConsoleLogger, type LogLevel } from '@nestjs/common';
import { LOG_LEVELS, type ServiceConfig } from './config/service.config.js';

/** What Nest tells of its own start: a screenful that would push away what a person needs to see. */
const FRAMEWORK_CONTEXTS = new Set<unknown>([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);

/**
 * The service's log: one line each, times in ISO 8601 UTC, errors to stderr, colours only on a terminal. What
 * Nest tells of its own start is left out, unless the level is `debug` or `verbose`.
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
    // Nest logs what it then throws; `main.ts` tells it, once.
    if (contextLast.at(-1) === 'ExceptionHandler') return;
    super.error(message, ...contextLast);
  }

  protected override getTimestamp(): string {
    return new Date().toISOString();
  }
}
