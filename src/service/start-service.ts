import { type INestApplication, Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { DataSource } from 'typeorm';
import { openDatabase } from './database.js';
import { developmentCredentials, type DevelopmentCredentials } from './config/development-credentials.js';
import { EmbeddedPostgres } from './embedded-postgres/embedded-postgres.js';
import { createAdapter, listen, probeAddress } from './http-server.js';
import { ServiceLogger } from './service-logger.js';
import type { ServiceConfig } from './config/service.config.js';
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
  const logger = new ServiceLogger(config.logLevel);
  Logger.overrideLogger(logger);
  const address = await probeAddress(config);
  const started: (() => Promise<void>)[] = [];
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
    const application = await createApplication(config, development, dataSource, logger);
    started.push(() => application.close());
    const origin = await listen(application, config.port, address);
    return {
      origin,
      webhookUrl: `${origin}${config.webhookPath ?? '/api/v1/webhooks'}`,
      generated: {
        ...(config.webhookSecrets.length === 0 && { webhookSecret: development?.webhookSecret }),
        ...(config.adminKey === undefined && { adminKey: development?.adminKey }),
      },
      application,
      stop: () => undo(started),
    };
  } catch (error) {
    await undo(started).catch((stopError: unknown) => {
      logger.error(stopError, 'PostackService');
    });
    throw error;
  }
}

/** Stops what was started, last first. What cannot be stopped keeps nothing else from being stopped. */
async function undo(started: (() => Promise<void>)[]): Promise<void> {
  const errors: unknown[] = [];
  for (let stop = started.pop(); stop; stop = started.pop()) {
    await stop().catch((error: unknown) => errors.push(error));
  }
  if (errors.length > 0)
    throw errors.length === 1 ? errors[0] : new AggregateError(errors, 'Stopping failed');
}

async function createApplication(
  config: ServiceConfig,
  development: DevelopmentCredentials | undefined,
  dataSource: DataSource,
  logger: ServiceLogger,
): Promise<INestApplication> {
  const secret =
    config.webhookSecrets.length > 0 ? config.webhookSecrets : (development?.webhookSecret ?? '');
  const module = ServiceModule.with(
    {
      secret,
      path: config.webhookPath,
      role: config.role,
      retention: config.retention,
      api: config.api,
      replies: config.replies,
      alerts: config.alerts,
    },
    { adminKey: config.adminKey ?? development?.adminKey ?? '' },
    dataSource,
  );
  return NestFactory.create(module, await createAdapter(config.httpAdapter), { logger, abortOnError: false });
}
