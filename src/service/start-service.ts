import { createServer } from 'node:net';
import type { INestApplication, LogLevel } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { DataSource } from 'typeorm';
import { ConfigurationError } from '../configuration-error.js';
import { openDatabase } from './database.js';
import { developmentCredentials, type DevelopmentCredentials } from './development-credentials.js';
import { EmbeddedPostgres } from './embedded-postgres.js';
import { LOG_LEVELS, type HttpAdapterName, type ServiceConfig } from './service.config.js';
import { ServiceModule } from './service.module.js';

/** A running service. */
export interface RunningService {
  /** Where it listens: `http://localhost:3000`. */
  origin: string;
  webhookUrl: string;
  /** The made-up credentials in use; absent are those that were configured. */
  generated: Partial<DevelopmentCredentials>;
  application: INestApplication;
  /** Stops everything: taking, running listeners, connections, the embedded database. */
  stop(): Promise<void>;
}

/**
 * Starts the whole service: database, migrations, application, HTTP.
 *
 * @throws {ConfigurationError} with a message for a person, after undoing what was started.
 */
export async function startService(config: ServiceConfig): Promise<RunningService> {
  // Before anything else is started: a second service would otherwise get as far as the database.
  await refuseBusyPort(config.port, config.host);
  const started: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (let undo = started.pop(); undo; undo = started.pop()) await undo();
  };
  try {
    let url = config.databaseUrl;
    let development: DevelopmentCredentials | undefined;
    if (url === undefined) {
      const postgres = await EmbeddedPostgres.start(config.dataDir);
      started.push(() => postgres.stop());
      url = postgres.url;
      development = await developmentCredentials(config.dataDir);
    }
    const dataSource = await openDatabase(url);
    started.push(() => dataSource.destroy());
    const application = await createApplication(config, development, dataSource);
    started.push(() => application.close());
    await listen(application, config);
    const origin = originOf(await application.getUrl());
    return {
      origin,
      webhookUrl: `${origin}${config.webhookPath ?? '/api/v1/webhooks'}`,
      generated: {
        ...(config.webhookSecrets.length === 0 && { webhookSecret: development?.webhookSecret }),
        ...(config.adminKey === undefined && { adminKey: development?.adminKey }),
      },
      application,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function createApplication(
  config: ServiceConfig,
  development: DevelopmentCredentials | undefined,
  dataSource: DataSource,
): Promise<INestApplication> {
  const secret =
    config.webhookSecrets.length > 0 ? config.webhookSecrets : (development?.webhookSecret ?? '');
  const module = ServiceModule.with(
    { secret, path: config.webhookPath, role: config.role },
    { adminKey: config.adminKey ?? development?.adminKey ?? '' },
    dataSource,
  );
  const logger: LogLevel[] = LOG_LEVELS.slice(0, LOG_LEVELS.indexOf(config.logLevel) + 1);
  return NestFactory.create(module, await adapter(config.httpAdapter), { logger, abortOnError: false });
}

async function adapter(name: HttpAdapterName) {
  if (name === 'express') {
    const { ExpressAdapter } = await import('@nestjs/platform-express');
    return new ExpressAdapter();
  }
  const { FastifyAdapter } = await import('@nestjs/platform-fastify');
  return new FastifyAdapter();
}

async function listen(application: INestApplication, { port, host }: ServiceConfig): Promise<void> {
  try {
    await (host === undefined ? application.listen(port) : application.listen(port, host));
  } catch (error) {
    throw portError(error, port);
  }
}

async function refuseBusyPort(port: number, host: string | undefined): Promise<void> {
  const probe = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      probe.once('error', reject);
      probe.listen(port, host, resolve);
    });
  } catch (error) {
    throw portError(error, port);
  }
  await new Promise((closed) => probe.close(closed));
}

/** The message for what listening can fail with; any other error as it is. */
function portError(error: unknown, port: number): unknown {
  const problem: Record<string, string | undefined> = {
    EADDRINUSE: `port ${port} is in use by another program. Stop that one, or set PORT to another port`,
    EACCES: `port ${port} may not be used without privileges. Set PORT to one from 1024`,
    EADDRNOTAVAIL: 'HOST is not an address of this machine',
    ENOTFOUND: 'HOST is not a known name or address',
  };
  const text = problem[(error as NodeJS.ErrnoException).code ?? ''];
  return text === undefined ? error : Object.assign(new ConfigurationError('HTTP', [text]), { cause: error });
}

/** `http://[::1]:3000` as people write it. */
function originOf(url: string): string {
  return url.replace(/\/\/(?:\[::1?\]|127\.0\.0\.1|0\.0\.0\.0)(?=:|$)/, '//localhost').replace(/\/$/, '');
}
