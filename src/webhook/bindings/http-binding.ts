import type { RequestListener } from 'node:http';
import type { HttpServer } from '@nestjs/common';
import { bindExpress } from './express.binding.js';
import { bindFastify } from './fastify.binding.js';

/** `POST path` of one HTTP library, bound ahead of everything that the application adds to that library. */
export interface HttpBinding {
  /** The library's name, for log lines. */
  readonly library: string;
  /** What the library listens to a server's requests with. */
  readonly listener: RequestListener;
  /**
   * Calls `check` once the library is complete and before it takes requests; a rejection stops the start. Absent when
   * the library is complete as soon as Nest is.
   */
  readonly onReady?: (check: () => Promise<void>) => void;
  /** What the library runs before the route, and how to fix that; `undefined` when the route is first. */
  readonly findObstacle: () => string | undefined;
}

const BIND = { express: bindExpress, fastify: bindFastify } as Partial<
  Record<string, (library: never, path: string, handler: RequestListener) => HttpBinding>
>;

/**
 * Binds `POST path` by the library that the adapter is made for.
 *
 * @throws {Error} when that is neither Express nor Fastify.
 */
export function bindHttpRoute(
  adapter: Pick<HttpServer, 'getType' | 'getInstance'>,
  path: string,
  handler: RequestListener,
): HttpBinding {
  const bind = BIND[adapter.getType()];
  if (!bind) {
    throw new Error(
      `PostackModule runs on Express and on Fastify, not on the HTTP adapter "${adapter.getType()}"`,
    );
  }
  return bind(adapter.getInstance() as never, path, handler);
}
