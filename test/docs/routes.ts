import { globSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { getMetadataStorage } from 'class-validator';
import { root } from './documents.js';

/** One route of the service's admin API or health checks. */
export interface Route {
  controller: string;
  handler: string;
  method: string;
  path: string;
  query: string[];
  body: string[];
}

// The keys and numbers of Nest's decorators.
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'];
const BODY = 3;
const QUERY = 4;

type ControllerClass = (abstract new (...args: never[]) => unknown) & { name: string };

/** Every route, from the metadata of the controllers in `src/service/`. */
export async function routes(): Promise<Route[]> {
  const files = globSync('src/service/**/*.controller.ts', { cwd: root }).sort();
  const modules = await Promise.all(
    files.map(
      async (file) => (await import(pathToFileURL(join(root, file)).href)) as Record<string, unknown>,
    ),
  );
  return modules.flatMap((module) => Object.values(module).filter(isController).flatMap(routesOf));
}

function isController(value: unknown): value is ControllerClass {
  return typeof value === 'function' && Reflect.hasMetadata('path', value);
}

function routesOf(controller: ControllerClass): Route[] {
  const prototype = controller.prototype as Record<string, unknown>;
  return Object.getOwnPropertyNames(prototype).flatMap((handler) => {
    const method = prototype[handler];
    if (typeof method !== 'function' || !Reflect.hasMetadata('method', method)) return [];
    // The service mounts the admin API there.
    const prefix = controller.name === 'HealthController' ? '' : 'api/v1';
    const parts = [
      prefix,
      Reflect.getMetadata('path', controller) as string,
      Reflect.getMetadata('path', method) as string,
    ];
    return {
      controller: controller.name,
      handler,
      method: METHODS[Reflect.getMetadata('method', method) as number] ?? '?',
      path: `/${parts
        .map((part) => part.replaceAll(/^\/|\/$/g, ''))
        .filter(Boolean)
        .join('/')}`,
      query: parametersOf(controller, handler, QUERY),
      body: parametersOf(controller, handler, BODY),
    };
  });
}

/** The properties of the class that a route takes its query or its body as; those that may be left out end with `?`. */
function parametersOf(controller: ControllerClass, handler: string, kind: number): string[] {
  const args = (Reflect.getMetadata('__routeArguments__', controller, handler) ?? {}) as Record<
    string,
    { index: number }
  >;
  const types = (Reflect.getMetadata('design:paramtypes', controller.prototype as object, handler) ??
    []) as ControllerClass[];
  return Object.entries(args)
    .filter(([key]) => key.startsWith(`${kind}:`))
    .flatMap(([, { index }]) => {
      const type = types[index]!;
      const rules = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
      const names = [...new Set(rules.map(({ propertyName }) => propertyName))];
      const isOptional = (name: string) =>
        rules.some((rule) => rule.propertyName === name && rule.type === 'conditionalValidation');
      return names.map((name) => (isOptional(name) ? `${name}?` : name)).sort();
    });
}
