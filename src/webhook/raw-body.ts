import type { IncomingMessage } from 'node:http';
import getRawBody from 'raw-body';

const RAW_BODY = Symbol('nestjs-postack:raw-body');

type CapturedRequest = IncomingMessage & { [RAW_BODY]?: Buffer; rawBody?: unknown };

/** Why the bytes of a request could not be had. */
export type BodyFault = 'too-large' | 'timeout' | 'cut-off' | 'already-read';

/** The request's body could not be read whole. */
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
 * Reads a request's body, byte for byte, and keeps it with the request.
 *
 * @throws {BodyError} when it is longer than `limitBytes`, not whole within `timeoutMs`, cut off, or when
 *   something else has read it before.
 */
export async function captureRawBody(
  request: IncomingMessage,
  limitBytes: number,
  timeoutMs: number,
): Promise<void> {
  if (request.readableDidRead || request.readableEnded) throw new BodyError('already-read');
  const length = request.headers['content-length'];
  // A short body mostly comes in one piece with its headers: Node hands it over before the next microtask.
  await Promise.resolve();
  const isWhole = length === String(request.readableLength) && request.readableLength <= limitBytes;
  const body = isWhole ? (request.read() as Buffer | null) : null;
  // Nothing comes any more; but only when its end is read as well is a request over for Node.
  if (body) request.resume();
  (request as CapturedRequest)[RAW_BODY] = body ?? (await readInTime(request, limitBytes, timeoutMs));
}

/** For a body that is still on its way. */
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

/** Nothing kept the bytes of a request, and without them its signature cannot be verified. */
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
 * The bytes that came with a request: those captured on our own route, else those that Nest keeps with
 * `rawBody: true`.
 *
 * @throws {RawBodyMissingError} when there was a body and nothing has kept it.
 */
export function rawBodyOf(request: object): Buffer {
  const { raw } = request as { raw?: IncomingMessage };
  const message = (raw ?? request) as CapturedRequest;
  if (message[RAW_BODY]) return message[RAW_BODY];
  const kept = (request as CapturedRequest).rawBody;
  if (Buffer.isBuffer(kept)) return kept;
  // Nest keeps nothing of an empty body.
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = message.headers;
  if (length === '0' && encoding === undefined) return Buffer.alloc(0);
  throw new RawBodyMissingError();
}
