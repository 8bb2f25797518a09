import { BadRequestException, type HttpException, ServiceUnavailableException } from '@nestjs/common';
import { QueryFailedError } from 'typeorm';

/** SQLSTATEs that blame a value: no such text, number or time can be in the database. */
const VALUE_FAULT = /^(?:22021|22003|22007|22008|22P02)$/;

/** SQLSTATEs and Node's codes for a database that cannot be reached, or does not take connections. */
const AWAY =
  /^(?:08...|53...|55000|57P..|3D000|ECONN\w+|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/;

/** What node-postgres says, without a code, of connections that were lost or could not be had. */
const AWAY_MESSAGE = /^(?:Connection terminated|timeout e)/;

/** The answer to a request that failed in the database for reasons that are not ours; else `undefined`. */
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
  if (AWAY.test(code) || AWAY_MESSAGE.test(cause.message)) {
    return new ServiceUnavailableException('PostgreSQL is away', { cause });
  }
  return undefined;
}
