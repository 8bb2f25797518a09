import { STATUS_CODES } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ConfigurationError } from '../errors/configuration-error.js';
import type { HttpAdapterName, ServiceConfig } from './config/service.config.js';

/** Fastify's default is 100, and ids of events are longer; Node limits the whole request line to 16 KiB. */
const MAX_PARAM_LENGTH = 16_384;

interface FrameworkError {
  statusCode?: number;
  message: string;
}

/** What is used of a Fastify reply. */
interface RawReply {
  hijack(): unknown;
  raw: {
    writeHead(status: number, headers: Record<string, string>): unknown;
    end(body: string): unknown;
  };
}

/** Nest's adapter for an HTTP library. */
export async function createAdapter(name: HttpAdapterName): Promise<AbstractHttpAdapter> {
  if (name === 'express') {
    const { ExpressAdapter } = await import('@nestjs/platform-express');
    return new ExpressAdapter();
  }
  const { FastifyAdapter } = await import('@nestjs/platform-fastify');
  const adapter = new FastifyAdapter({
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    // A malformed URL; it does not get as far as Nest's exception filter.
    frameworkErrors: (
      { statusCode: status = 400, message: detail }: FrameworkError,
      _request: unknown,
      reply: RawReply,
    ) => {
      const problem = { type: 'about:blank', title: STATUS_CODES[status], status, detail };
      reply.hijack();
      reply.raw.writeHead(status, { 'content-type': 'application/problem+json' });
      reply.raw.end(JSON.stringify(problem));
    },
  });
  // Left unread, as Express leaves it: a list may be longer than what fits into memory.
  adapter.getInstance().addContentTypeParser('text/csv', (_request, _payload, done) => {
    done(null);
  });
  return adapter;
}

/**
 * Finds out whether the port is free, before anything is started that would have to be undone.
 *
 * @returns the address to listen on: the one configured, or all.
 * @throws {ConfigurationError} when it cannot be listened on.
 */
export async function probeAddress({ port, host }: ServiceConfig): Promise<string> {
  const probe = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      probe.once('error', reject);
      probe.listen(port, host, resolve);
    });
  } catch (error) {
    throw listenError(error, port);
  }
  const { address } = probe.address() as AddressInfo;
  await new Promise((closed) => probe.close(closed));
  return host ?? address;
}

/**
 * @param address From `probeAddress`: by itself, Fastify would listen on localhost only.
 * @returns the origin, as people write it: `http://localhost:3000`.
 */
export async function listen(application: INestApplication, port: number, address: string): Promise<string> {
  try {
    await application.listen(port, address);
  } catch (error) {
    throw listenError(error, port);
  }
  const url = await application.getUrl();
  return url.replace(/\/\/(?:\[::1?\]|127\.0\.0\.1|0\.0\.0\.0)(?=:|$)/, '//localhost').replace(/\/$/, '');
}

/** The message for what listening can fail with; any other error as it is. */
function listenError(error: unknown, port: number): unknown {
  const problems: Record<string, string | undefined> = {
    EADDRINUSE: `port ${port} is in use by another program. Stop that one, or set PORT to another port`,
    EACCES: `port ${port} may not be used without privileges. Set PORT to one from 1024`,
    EADDRNOTAVAIL: 'HOST is not an address of this machine',
    ENOTFOUND: 'HOST is not a known name or address',
    EAI_AGAIN: 'HOST is not a known name or address',
  };
  const problem = problems[(error as NodeJS.ErrnoException).code ?? ''];
  if (problem === undefined) return error;
  return Object.assign(new ConfigurationError('HTTP', [problem]), { cause: error });
}
