import { STATUS_CODES } from 'node:http';
import {
  type ArgumentsHost,
  BadRequestException,
  Catch,
  ConflictException,
  type ExceptionFilter,
  HttpException,
  Logger,
  NotFoundException,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { loggableError } from '../errors/loggable-error.js';
import { InvalidCursorError } from '../database/keyset-page.js';
import { ConflictError, InvalidRequestError, NotFoundError } from '../errors/request-errors.js';
import { databaseFault } from './database-fault.js';

/** `Retry-After` of a 503. */
const RETRY_AFTER_SECONDS = 5;

/** The body of every error response: RFC 9457. */
export interface ProblemDetails {
  type: 'about:blank';
  title: string;
  status: number;
  /** What is wrong with this request, and how to fix it. */
  detail?: string;
  /** One line per invalid parameter. */
  errors?: string[];
}

/** Responds to every error with `application/problem+json`; unexpected errors are logged, and not disclosed. */
@Catch()
export class ProblemDetailsFilter implements ExceptionFilter {
  readonly #logger = new Logger('PostackService');

  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const { httpAdapter } = this.adapterHost;
    const response: unknown = host.switchToHttp().getResponse();
    const fault = databaseFault(error);
    const problem = problemOf(fault ?? requestError(error) ?? error);
    // The client has disconnected.
    if (codeOf(error) === 'ERR_STREAM_PREMATURE_CLOSE') return;
    if (fault && problem.status >= 500) this.#logger.error(`${fault.message}: ${loggableError(fault.cause)}`);
    else if (problem.status >= 500 && !(error instanceof HttpException)) {
      this.#logger.error('Request failed', error instanceof Error ? error.stack : String(error));
    }
    if (problem.status === 401) httpAdapter.setHeader(response, 'www-authenticate', 'Bearer');
    if (problem.status === 503) httpAdapter.setHeader(response, 'retry-after', String(RETRY_AFTER_SECONDS));
    httpAdapter.setHeader(response, 'content-type', 'application/problem+json');
    httpAdapter.reply(response, JSON.stringify(problem), problem.status);
  }
}

/** The response to an error that the module throws for an invalid request, with its message. */
function requestError(error: unknown): HttpException | undefined {
  if (error instanceof InvalidCursorError) return new BadRequestException(error.message);
  if (error instanceof InvalidRequestError) return new BadRequestException(error.message);
  if (error instanceof NotFoundError) return new NotFoundException(error.message);
  if (error instanceof ConflictError) return new ConflictException(error.message);
  return undefined;
}

function problemOf(error: unknown): ProblemDetails {
  const status = error instanceof HttpException ? error.getStatus() : statusOf(error);
  const problem: ProblemDetails = { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status };
  if (!(error instanceof HttpException)) return problem;
  const body = error.getResponse();
  const message = typeof body === 'object' && 'message' in body ? body.message : undefined;
  if (!Array.isArray(message)) return { ...problem, detail: error.message };
  const errors = message.map(String);
  return { ...problem, detail: errors.join('; '), errors };
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** Express and Fastify set a status on their own errors, such as a malformed URL. */
function statusOf(error: unknown): number {
  const { status, statusCode } = (error ?? {}) as { status?: unknown; statusCode?: unknown };
  const code = status ?? statusCode;
  return typeof code === 'number' && code >= 400 && code < 500 ? code : 500;
}
