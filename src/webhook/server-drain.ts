import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Interval of closing the connections that nothing happens on. */
const CLOSE_INTERVAL_MS = 2000;

/** The latest request and response on a connection. */
interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
}

/**
 * Lets an HTTP server close although clients keep connections open. Node waits without a limit for a connection that has sent
 * nothing or half a request: its own time limits end when `server.close()` is called.
 */
export class ServerDrain {
  readonly #connections = new Set<Socket>();
  readonly #exchanges = new WeakMap<Socket, Exchange>();

  constructor(private readonly server: Server) {
    // A TLS connection is two sockets: the one of TCP, and the one of its requests.
    for (const event of ['connection', 'secureConnection']) server.on(event, this.#add);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#exchanges.set(request.socket, { request, response });
    });
  }

  /**
   * From now on, each response closes its connection. Connections without a request, and those in the middle of one
   * whose bytes do not come, are closed every 2 seconds; at `deadline`, all are.
   */
  begin(deadline: Promise<void>): void {
    this.server.prependListener('request', (_request: IncomingMessage, response: ServerResponse) => {
      response.shouldKeepAlive = false;
    });
    let isOver = false;
    const received = new WeakMap<Socket, number>();
    const closing = setInterval(() => {
      for (const connection of this.#connections) {
        const isSilent = received.get(connection) === connection.bytesRead;
        received.set(connection, connection.bytesRead);
        if (isOver || !this.#isBusy(connection, isSilent)) connection.destroy();
      }
    }, CLOSE_INTERVAL_MS);
    closing.unref();
    this.server.once('close', () => {
      clearInterval(closing);
    });
    void deadline.then(() => {
      isOver = true;
    });
  }

  readonly #add = (connection: Socket): void => {
    this.#connections.add(connection);
    connection.once('close', () => this.#connections.delete(connection));
  };

  /** Whether a request is arriving or being answered on it. */
  #isBusy(connection: Socket, isSilent: boolean): boolean {
    const { request, response } = this.#exchanges.get(connection) ?? {};
    if (!request || !response || response.closed) return false;
    return request.complete || !isSilent;
  }
}
