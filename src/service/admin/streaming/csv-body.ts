import type { IncomingMessage } from 'node:http';
import { finished, PassThrough, type Readable } from 'node:stream';
import { BadRequestException, UnsupportedMediaTypeException } from '@nestjs/common';

/** A request of Express, or of Fastify, which has Node's own request in `raw`. */
export type CsvRequest = IncomingMessage | { raw: IncomingMessage };

/**
 * Passes the body of a request to `read`, as a stream. The rest of the body is drained even if `read` fails, because
 * clients read the response only after sending the whole body.
 *
 * @throws {UnsupportedMediaTypeException} unless the content type is `text/csv`.
 * @throws the rejection of `read`; its stream fails with a {BadRequestException} when the client disconnects.
 */
export async function withCsvBody<Result>(
  request: CsvRequest,
  read: (body: Readable) => Promise<Result>,
): Promise<Result> {
  const message = 'raw' in request ? request.raw : request;
  if (!/^text\/csv(?:\s*;|$)/i.test(message.headers['content-type'] ?? '')) {
    throw new UnsupportedMediaTypeException('Send the list with the header "Content-Type: text/csv"');
  }
  // Not the request itself: a reader that stops early destroys the stream, and would close the connection.
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
