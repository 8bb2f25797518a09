import { table } from '../support/readme-tables.js';
import { ROUTE_DESCRIPTIONS } from './route-descriptions.js';
import type { Route } from './routes.js';

/** The route that no controller has: it is bound ahead of Nest's router. */
const WEBHOOK = [
  '`POST /api/v1/webhooks`',
  'the webhook route: [responses](../webhook/README.md#http-responses)',
  '',
  '',
];

/** Method and path, what it does, query and body; in the order of the descriptions. */
export function routesTable(routes: readonly Route[]): string {
  const order = Object.keys(ROUTE_DESCRIPTIONS);
  const sorted = routes.toSorted((a, b) => order.indexOf(nameOf(a)) - order.indexOf(nameOf(b)));
  const code = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(' ');
  const rows = sorted.map((route) => [
    code([nameOf(route)]),
    ROUTE_DESCRIPTIONS[nameOf(route)] ?? '',
    code(route.query),
    code(route.body),
  ]);
  return table(['route', 'what it does', 'query', 'body'], [WEBHOOK, ...rows]);
}

/** `GET /api/v1/events/:id` */
export function nameOf({ method, path }: Pick<Route, 'method' | 'path'>): string {
  return `${method} ${path}`;
}
