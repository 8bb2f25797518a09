import { STATUS_CODES } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ConfigurationError } from '../errors/configuration-error.js';
import type { HttpAdapterName, ServiceConfig } from './config/service.config.js';

/** Fastify's default of 100 characters is too short for event ids; Node limits the request line to 16 KiB. */
const MAX_PARAM_LENGTH = 16_384;

interface FrameworkError {
  statusCode?: number;
  message: string;
}

/** The part of a Fastify reply that is used here. */
interface RawReply {
  hijack(): unknown;
  raw: {
    writeHead(status: number, headers: Record<string, string>): unknown;
    end(body: string): unknown;
  };
}

export async function createAdapter(name: HttpAdapterName): Promise<AbstractHttpAdapter> {
  if (name === 'express') {
    const { ExpressAdapter } = await import('@nestjs/platform-express');
    return new ExpressAdapter();
  }
  const { FastifyAdapter } = await import('@nestjs/platform-fastify');
  return new FastifyAdapter({
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    // A malformed URL, which does not reach Nest's exception filter.
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
}

/**
 * Checks that the port is free before anything is started that would have to be stopped again.
 *
 * @returns the address to listen on: the configured one, or all.
 * @throws {ConfigurationError} when the port or the address cannot be used.
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
 * @param address From `probeAddress`; by default, Fastify would listen on localhost only.
 * @returns the origin, such as `http://localhost:3000`.
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

/** A `ConfigurationError` for the known causes; any other error unchanged. */
function listenError(error: unknown, port: number): unknown {
  const problems: Record<string, string | undefined> = {
    EADDRINUSE: `port ${port} is in use by another program. Stop it, or set PORT to another port`,
    EACCES: `port ${port} requires elevated privileges. Set PORT to 1024 or higher`,
    EADDRNOTAVAIL: 'HOST is not an address of this machine. Unset it to listen on all addresses',
    ENOTFOUND: 'HOST cannot be resolved. Unset it to listen on all addresses',
    EAI_AGAIN: 'HOST cannot be resolved. Unset it to listen on all addresses',
  };
  const problem = problems[(error as NodeJS.ErrnoException).code ?? ''];
  if (problem === undefined) return error;
  return Object.assign(new ConfigurationError('HTTP', [problem]), { cause: error });
}
