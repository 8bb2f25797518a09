import { IncomingMessage, type RequestListener, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { loggableError } from '../../errors/loggable-error.js';

/** Result of sending a probe. */
export interface ProbeResult {
  /** Whether the webhook handler got the probe. */
  reached: boolean;
  /** What other code did to the probe, as a verb phrase; `undefined` when the probe arrived untouched. */
  interference: string | undefined;
}

/** Longer than any listener takes that passes a request on. */
const TIMEOUT_MS = 2000;

/**
 * Sends requests of its own to `POST path` and observes how they reach the webhook handler. The probe is recognised
 * by the identity of its request object, so that no client can send one.
 */
export class RouteProbe {
  #expected: { request: IncomingMessage; arrived: () => void } | undefined;

  constructor(
    private readonly path: string,
    private readonly receive: RequestListener,
  ) {}

  /** To be bound to the route: passes webhooks on to the handler, and keeps the probes. */
  readonly handler: RequestListener = (request, response) => {
    if (request === this.#expected?.request) this.#expected.arrived();
    else this.receive(request, response);
  };

  /** Sends one request, and waits until it has reached the handler, for at most 2 seconds. */
  async send(through: RequestListener): Promise<ProbeResult> {
    const { request, response, headers, close } = newProbe(this.path);
    let timer: NodeJS.Timeout | undefined;
    let thrown: string | undefined;
    const reached = await new Promise<boolean>((resolve) => {
      this.#expected = {
        request,
        arrived: () => {
          resolve(true);
        },
      };
      const fail = () => {
        resolve(false);
      };
      response.once('finish', fail);
      timer = setTimeout(fail, TIMEOUT_MS);
      try {
        through(request, response);
      } catch (error) {
        thrown = loggableError(error);
        fail();
      }
    });
    clearTimeout(timer);
    // Else it may still arrive, and is no webhook then either.
    if (reached) this.#expected = undefined;
    // After an await: listeners that come after the route have run by now, too.
    const interference = describeInterference();
    close(reached);
    return { reached, interference };

    function describeInterference(): string | undefined {
      if (response.headersSent) return `answers it with ${response.statusCode}`;
      if (thrown !== undefined) return `throws ${thrown}`;
      if (!reached) return `does not pass it on within ${TIMEOUT_MS} ms`;
      const isBeingRead = request.readableFlowing === true || request.listenerCount('readable') > 0;
      if (request.readableDidRead || isBeingRead) return 'reads its body';
      const changed = Object.entries(headers).find(([name, value]) => request.headers[name] !== value);
      return changed && `changes its header "${changed[0]}"`;
    }
  }
}

const BODY = '{}';

/** A request as Postack sends it, but for the signature, and its response; neither has a connection. */
function newProbe(path: string) {
  const socket = new Socket();
  Object.defineProperties(socket, {
    remoteAddress: { value: '127.0.0.1' },
    // What is answered goes nowhere, and successfully.
    write: {
      value: (...parts: unknown[]) => {
        const done = parts.at(-1);
        if (typeof done === 'function') process.nextTick(done);
        return true;
      },
    },
  });
  const headers = {
    host: 'localhost',
    'user-agent': 'nestjs-postack self-check',
    'content-type': 'application/json',
    'content-length': String(BODY.length),
    'svix-id': 'msg_self_check',
    'svix-timestamp': '0',
    'svix-signature': 'v1,none',
  };
  const request = Object.assign(new IncomingMessage(socket), {
    method: 'POST',
    url: path,
    httpVersion: '1.1',
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    headers: { ...headers },
    rawHeaders: Object.entries(headers).flat(),
    complete: true,
  });
  request.push(BODY);
  request.push(null);
  const response = new ServerResponse(request);
  response.assignSocket(socket);
  const close = (reached: boolean) => {
    // Code that counts the requests under way must see the end of this one. One that other code still holds ends as
    // if its sender had gone: an answer of ours could be the second.
    if (reached && !response.headersSent) response.writeHead(204).end(() => socket.destroy());
    else socket.destroy();
  };
  return { request, response, headers, close };
}
