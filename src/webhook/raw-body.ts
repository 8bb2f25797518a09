import type { IncomingMessage } from 'node:http';
import getRawBody from 'raw-body';

/** Why the bytes of a request could not be read. */
export type BodyFault = 'too-large' | 'timeout' | 'cut-off' | 'already-read';

/** The request's body could not be read completely. */
export class BodyError extends Error {
  readonly code = 'POSTACK_BODY_UNREADABLE';
  override readonly name = 'BodyError';

  constructor(
    readonly fault: BodyFault,
    options?: ErrorOptions,
  ) {
    super(`The webhook's body could not be read: ${fault}`, options);
  }
}

/**
 * Reads a request's body, byte for byte.
 *
 * @throws {BodyError} when it is longer than `limitBytes`, incomplete after `timeoutMs`, cut off, or already read by
 *   other code.
 */
export async function readRawBody(
  request: IncomingMessage,
  limitBytes: number,
  timeoutMs: number,
): Promise<Buffer> {
  if (request.readableDidRead || request.readableEnded) throw new BodyError('already-read');
  const length = request.headers['content-length'];
  // A short body usually arrives in one piece with its headers: Node delivers it before the next microtask.
  await Promise.resolve();
  const isComplete = length === String(request.readableLength) && request.readableLength <= limitBytes;
  const body = isComplete ? (request.read() as Buffer | null) : null;
  if (!body) return readInTime(request, limitBytes, timeoutMs);
  // No more bytes follow, but Node considers a request finished only once its end has been read as well.
  request.resume();
  return body;
}

/** For a body that is still arriving. */
async function readInTime(request: IncomingMessage, limitBytes: number, timeoutMs: number): Promise<Buffer> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new BodyError('timeout'));
    }, timeoutMs);
  });
  try {
    const length = request.headers['content-length'];
    const reading = getRawBody(request, { limit: limitBytes, length: length ?? null });
    return await Promise.race([reading, timeout]);
  } catch (error) {
    if (error instanceof BodyError) throw error;
    const tooLarge = (error as { type?: string }).type === 'entity.too.large';
    throw new BodyError(tooLarge ? 'too-large' : 'cut-off', { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** The bytes of a request were not kept, and its signature cannot be verified without them. */
export class RawBodyMissingError extends Error {
  readonly code = 'POSTACK_RAW_BODY_MISSING';
  override readonly name = 'RawBodyMissingError';

  constructor() {
    super(
      'The bytes of this request were not kept. Create the application with "rawBody: true"; Nest keeps those of ' +
        'the content types that it parses (app.useBodyParser() for others)',
    );
  }
}

/**
 * The bytes of a request on a controller of the application, as Nest keeps them with `rawBody: true`.
 *
 * @param request As Express or Fastify passes it to a controller.
 * @throws {RawBodyMissingError} when the request has a body and Nest has not kept it.
 */
export function keptRawBody(request: object): Buffer {
  const { rawBody, raw } = request as { rawBody?: unknown; raw?: IncomingMessage };
  if (Buffer.isBuffer(rawBody)) return rawBody;
  // Nest keeps nothing for an empty body.
  const { headers } = raw ?? (request as IncomingMessage);
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = headers;
  if (length === '0' && encoding === undefined) return Buffer.alloc(0);
  throw new RawBodyMissingError();
}
