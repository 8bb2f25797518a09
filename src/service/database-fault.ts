import { BadRequestException, type HttpException, ServiceUnavailableException } from '@nestjs/common';
import { QueryFailedError } from 'typeorm';

/** SQLSTATEs of a text, number or time that PostgreSQL cannot store. */
const VALUE_FAULT = /^(?:22021|22003|22007|22008|22P02)$/;

/** SQLSTATEs and Node's codes for a database that cannot be reached, or does not accept connections. */
const UNAVAILABLE =
  /^(?:08...|53...|55000|57P..|3D000|ECONN\w+|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/;

/** Messages of node-postgres, which have no code, for connections that were lost or could not be made. */
const UNAVAILABLE_MESSAGE = /^(?:Connection terminated|timeout e)/;

/** The 400 or 503 for a database error caused by a parameter or an outage; `undefined` for any other error. */
export function databaseFault(error: unknown): HttpException | undefined {
  if (!(error instanceof Error)) return undefined;
  const cause = error instanceof QueryFailedError ? (error.driverError as Error) : error;
  const { code = '' } = cause as { code?: string };
  if (error instanceof QueryFailedError && VALUE_FAULT.test(code)) {
    return new BadRequestException(
      'A parameter value cannot be stored in the database: out of range, or text with a NUL character',
      { cause },
    );
  }
  if (UNAVAILABLE.test(code) || UNAVAILABLE_MESSAGE.test(cause.message)) {
    return new ServiceUnavailableException('Database unavailable', { cause });
  }
  return undefined;
}
