import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';

/** A fixed address in front of a server that goes away, comes back elsewhere, or falls silent. */
export class TcpProxy {
  readonly #sockets = new Set<Socket>();
  #cut: (() => Promise<unknown>) | undefined;

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  /** @param target Tells the port to connect to, for each new connection. */
  static async start(target: () => number): Promise<TcpProxy> {
    const server = createServer((client) => {
      proxy.#connect(client, target());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new TcpProxy(server, (server.address() as AddressInfo).port);
    return proxy;
  }

  /** Connections from before fall silent for ever: nothing comes through, nothing is closed. New ones work. */
  silenceConnections(): void {
    for (const socket of this.#sockets) {
      socket.unpipe();
      socket.pause();
    }
  }

  /**
   * The next connection's "ready" and the news of its end arrive in one piece, as on a busy machine.
   *
   * @param cut Ends it, at the server, as soon as it is ready.
   */
  cutNextConnection(cut: () => Promise<unknown>): void {
    this.#cut = cut;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  #connect(client: Socket, port: number): void {
    this.#add(client);
    const server = this.#add(createConnection(port, '127.0.0.1'));
    client.pipe(server);
    if (this.#cut) this.#join(server, client, this.#cut);
    else server.pipe(client);
    this.#cut = undefined;
    client.once('close', () => server.destroy());
    server.once('close', () => client.destroy());
  }

  #join(server: Socket, client: Socket, cut: () => Promise<unknown>): void {
    let held = Buffer.alloc(0);
    server.on('data', (piece: Buffer) => {
      held = Buffer.concat([held, piece]);
      if (held.includes(READY) && !held.includes(ADMIN_SHUTDOWN)) {
        void cut();
        return;
      }
      client.write(held);
      held = Buffer.alloc(0);
    });
  }

  #add(socket: Socket): Socket {
    this.#sockets.add(socket);
    // Whoever is connected sees the connection end; that is all the proxy has to tell.
    socket.on('error', () => undefined);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  }
}

/** PostgreSQL's message ReadyForQuery: its letter, its length, "idle". */
const READY = Buffer.from('Z\0\0\0\x05I', 'latin1');

/** The SQLSTATE with which it ends a connection. */
const ADMIN_SHUTDOWN = '57P01';
