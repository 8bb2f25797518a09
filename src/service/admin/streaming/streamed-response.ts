import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { Logger, StreamableFile } from '@nestjs/common';
import { loggableError } from '../../../errors/loggable-error.js';

const logger = new Logger('PostackService');

/**
 * An answer of any length. What fails before the first byte is there is answered as every error is; what fails later
 * cuts the connection, so that no client takes a part for the whole, and is logged without texts and numbers.
 *
 * @throws what the stream fails with before its first byte.
 */
export async function streamedResponse(
  stream: Readable,
  options: { type: string; disposition?: string },
): Promise<StreamableFile> {
  await once(stream, 'readable');
  // Fastify tells neither handler of a failure that comes later, but cuts the connection, too.
  stream.once('error', logCut);
  return new StreamableFile(stream, options).setErrorLogger(logCut).setErrorHandler((_error, response) => {
    response.destroy?.();
  });
}

function logCut(error: Error): void {
  logger.error(`An answer was cut off in the middle: ${loggableError(error)}`);
}
