import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { Logger, StreamableFile } from '@nestjs/common';
import { loggableError } from '../../../errors/loggable-error.js';

const logger = new Logger('PostackService');

/**
 * A response of any length. An error before the first byte gets an ordinary error response. A later error closes the
 * connection, so that no client takes a partial response for a complete one, and is logged without phone numbers.
 *
 * @throws the error of a stream that fails before its first byte.
 */
export async function streamedResponse(
  stream: Readable,
  options: { type: string; disposition?: string },
): Promise<StreamableFile> {
  await once(stream, 'readable');
  // Fastify calls neither handler below for a later error; it closes the connection itself.
  stream.once('error', logAborted);
  return new StreamableFile(stream, options)
    .setErrorLogger(logAborted)
    .setErrorHandler((_error, response) => {
      response.destroy?.();
    });
}

function logAborted(error: Error): void {
  logger.error(`Response aborted, connection closed: ${loggableError(error)}`);
}
