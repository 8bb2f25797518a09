import type { Server } from 'node:http';
import { Logger } from '@nestjs/common';
import { ConfigurationError } from '../../errors/configuration-error.js';
import type { HttpBinding } from './http-binding.js';
import { isNodeServer } from './node-server.intercept.js';
import type { RouteProbe } from './route-probe.js';

/**
 * Proves at boot that `POST path` reaches the webhook handler before any code of the application, by a request of its
 * own through the real listeners: once through the HTTP library, once through the server when it listens. While all is
 * well, no code of the application gets that request, unless it listens to the server's requests itself.
 */
export class RouteSelfCheck {
  readonly #logger = new Logger('Postack');
  readonly #reported = new Set<string>();

  constructor(
    private readonly path: string,
    private readonly binding: HttpBinding,
    private readonly probe: RouteProbe,
    /** Whether the application's server answers webhooks without its HTTP library. */
    private readonly isServerIntercepted: boolean,
  ) {}

  /**
   * Checks the way through the HTTP library; logs an error when code of the application comes first.
   *
   * @throws {ConfigurationError} when no webhook could reach the handler.
   */
  async checkLibrary(): Promise<void> {
    const { library, listener, findObstacle } = this.binding;
    const { reached, interference } = await this.probe.send(listener);
    const problem =
      findObstacle() ?? (interference && `${library} or code of the application ${interference}`);
    if (problem === undefined) return;
    if (!reached && !this.isServerIntercepted) {
      throw new ConfigurationError(`Webhook route POST ${this.path}`, [
        `webhooks do not reach it through ${library}: ${problem}. Let POST ${this.path} pass`,
      ]);
    }
    this.#reportLibrary(problem);
  }

  /** Checks the way through the server as soon as that listens, when all that wraps it is usually in place. */
  checkWhenListening(server: unknown): void {
    if (isNodeServer(server)) server.once('listening', () => void this.#checkServer(server));
  }

  async #checkServer(server: Server): Promise<void> {
    const { interference } = await this.probe.send((request, response) => {
      server.emit('request', request, response);
    });
    if (!server.listening) return;
    const obstacle = this.binding.findObstacle();
    if (obstacle !== undefined) this.#reportLibrary(obstacle);
    // Without interception, an obstacle in the library is what the probe met.
    if (interference === undefined || (obstacle !== undefined && !this.isServerIntercepted)) return;
    // Not a reason to stop: what refuses a request from this machine may let Postack's pass.
    this.#report(
      `a listener for the "request" event of the HTTP server ${interference}. Make it leave POST ${this.path} alone`,
    );
  }

  #reportLibrary(problem: string): void {
    const scope = `. Webhooks to the application's own HTTP server do not pass through ${this.binding.library}; others do`;
    this.#report(this.isServerIntercepted ? problem + scope : problem);
  }

  #report(problem: string): void {
    if (this.#reported.has(problem)) return;
    this.#reported.add(problem);
    this.#logger.error(
      `Webhook self-check failed: POST ${this.path} does not come first, so webhooks can be changed or rejected ` +
        `before they are verified: ${problem}`,
    );
  }
}
