import type { IncomingMessage } from 'node:http';
import { finished, PassThrough, type Readable } from 'node:stream';
import { BadRequestException, UnsupportedMediaTypeException } from '@nestjs/common';

/** A request of Express, or of Fastify, which keeps Node's own in `raw`. */
export type CsvRequest = IncomingMessage | { raw: IncomingMessage };

/**
 * Hands the body of a request to `read`, as a stream. Whatever becomes of that, the rest of the body is then taken from
 * the client, which else would not look at the answer.
 *
 * @throws {UnsupportedMediaTypeException} unless it is `text/csv`.
 * @throws whatever `read` rejects with; its stream fails with a {BadRequestException} when the client goes away.
 */
export async function withCsvBody<Result>(
  request: CsvRequest,
  read: (body: Readable) => Promise<Result>,
): Promise<Result> {
  const message = 'raw' in request ? request.raw : request;
  if (!/^text\/csv(?:\s*;|$)/i.test(message.headers['content-type'] ?? '')) {
    throw new UnsupportedMediaTypeException('Send the list with the header "Content-Type: text/csv"');
  }
  // Not the request itself: whoever gives up reading a stream destroys it, and with it the connection.
  const body = message.pipe(new PassThrough());
  finished(message, { writable: false }, (error) => {
    if (error) body.destroy(new BadRequestException('The connection was lost before the list was complete'));
  });
  try {
    return await read(body);
  } finally {
    message.unpipe(body).resume();
    body.destroy();
  }
}
