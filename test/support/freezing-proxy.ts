import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

/** A TCP proxy whose connections can fall silent: they stay open, but no byte passes any more. New ones work. */
export class FreezingProxy {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #frozen = new WeakSet<Socket>();

  private constructor(target: { host: string; port: number }) {
    this.#server = createServer((client) => {
      const upstream = connect(target);
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        this.#sockets.add(from);
        from.on('data', (chunk) => {
          if (!this.#frozen.has(from)) to.write(chunk);
        });
        from.on('error', () => undefined);
        from.on('close', () => {
          this.#sockets.delete(from);
          // What is silent does not tell the other side either.
          if (!this.#frozen.has(from)) to.destroy();
        });
      }
    });
  }

  static async start(target: { host: string; port: number }): Promise<FreezingProxy> {
    const proxy = new FreezingProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  /** From now on the connections that are open are silent. Returns their number. */
  freeze(): number {
    for (const socket of this.#sockets) this.#frozen.add(socket);
    return this.#sockets.size / 2;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
