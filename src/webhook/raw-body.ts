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
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new BodyError('timeout'));
    }, timeoutMs);
  });
  try {
    const length = request.headers['content-length'];
    const reading = getRawBody(request, { limit: limitBytes, length: length ?? null });
    (request as CapturedRequest)[RAW_BODY] = await Promise.race([reading, timeout]);
  } catch (error) {
    if (error instanceof BodyError) throw error;
    const tooLarge = (error as { type?: string }).type === 'entity.too.large';
    throw new BodyError(tooLarge ? 'too-large' : 'cut-off', { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The bytes that came with a request: those captured on our own route, else those that Nest keeps with
 * `rawBody: true`.
 *
 * @throws {BodyError} when there are none.
 */
export function rawBodyOf(request: object): Buffer {
  const { raw } = request as { raw?: IncomingMessage };
  const captured = ((raw ?? request) as CapturedRequest)[RAW_BODY];
  if (captured) return captured;
  const kept = (request as CapturedRequest).rawBody;
  if (Buffer.isBuffer(kept)) return kept;
  throw new BodyError('already-read');
}
