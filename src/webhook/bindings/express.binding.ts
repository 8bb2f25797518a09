import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { isWebhookUrl } from './webhook-url.js';

/** What is used of an Express application. */
interface ExpressApplication extends RequestListener {
  post(
    path: string,
    handler: (request: IncomingMessage, response: ServerResponse, next: () => void) => void,
  ): unknown;
  /** Of Express 5. In Express 4 a property that throws. */
  router?: Router;
  /** Of Express 4. */
  _router?: Router;
}

interface Router {
  stack?: ExpressLayer[];
}

interface ExpressLayer {
  name?: string;
  route?: { path?: unknown };
}

/** The layers of this module. */
const own = new WeakSet<ExpressLayer>();

/**
 * Binds `POST path` as the very first layer of an Express application: Nest has registered its body parsers and the
 * application's middleware by now, and Express runs layers in their order.
 */
export function bindExpress(application: ExpressApplication, path: string, handler: RequestListener) {
  application.post(path, (request, response, next) => {
    if (isWebhookUrl(request.url ?? '', path)) handler(request, response);
    else next();
  });
  const routerOf = () => application._router ?? application.router;
  const stack = routerOf()?.stack;
  const layer = Array.isArray(stack) ? stack.at(-1) : undefined;
  const isMoved = layer?.route?.path === path;
  if (stack && layer && isMoved) {
    stack.pop();
    stack.unshift(layer);
    own.add(layer);
  }
  return {
    library: 'Express',
    listener: application,
    findObstacle: () => {
      if (!isMoved) {
        return (
          'this version of Express does not keep its layers in "router.stack", so the route comes after the ' +
          'middleware of the application. Use the version that @nestjs/platform-express depends on'
        );
      }
      // Those of other endpoints leave its requests alone.
      const first = routerOf()?.stack?.find((one) => one === layer || !own.has(one));
      if (first === layer) return undefined;
      return (
        `Express runs the layer "${first?.name ?? 'unknown'}" first. Add it with app.use() instead of putting it ` +
        "at the front of the router's stack"
      );
    },
  };
}
