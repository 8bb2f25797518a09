import { type INestApplication, Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { DataSource } from 'typeorm';
import { JobsOptions } from '../jobs/jobs.options.js';
import { openDatabase, openDirectDatabase } from './database.js';
import { developmentCredentials, type DevelopmentCredentials } from './config/development-credentials.js';
import { EmbeddedPostgres } from './embedded-postgres/embedded-postgres.js';
import { createAdapter, listen, probeAddress } from './http-server.js';
import { ServiceLogger } from './service-logger.js';
import type { ServiceConfig } from './config/service.config.js';
import { ServiceModule } from './service.module.js';

/** A running service. */
export interface RunningService {
  /** Such as `http://localhost:3000`. */
  origin: string;
  webhookUrl: string;
  /** Generated development credentials in use; those that were configured are absent. */
  generated: Partial<DevelopmentCredentials>;
  application: INestApplication;
  /** The option of this name. */
  shutdownTimeoutMs: number;
  /** Stops accepting webhooks, waits for running listeners, closes connections and the embedded database. */
  stop(): Promise<void>;
}

/**
 * Starts the service: database, migrations, application, HTTP server.
 *
 * @throws {ConfigurationError} saying what is wrong and how to fix it, after stopping what was started.
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
    const direct =
      config.directDatabaseUrl === undefined ? undefined : await openDirectDatabase(config.directDatabaseUrl);
    if (direct) started.push(() => direct.destroy());
    const application = await createApplication(config, development, { dataSource, direct }, logger);
    started.push(() => application.close());
    const origin = await listen(application, config.port, address);
    return {
      origin,
      webhookUrl: `${origin}${config.endpoints?.[0]?.path ?? config.webhookPath ?? '/api/v1/webhooks'}`,
      generated: {
        ...(config.webhookSecrets.length === 0 &&
          !config.endpoints && { webhookSecret: development?.webhookSecret }),
        ...(config.adminKey === undefined && { adminKey: development?.adminKey }),
      },
      application,
      shutdownTimeoutMs: application.get(JobsOptions).shutdownTimeoutMs,
      stop: () => undo(started),
    };
  } catch (error) {
    await undo(started).catch((stopError: unknown) => {
      logger.error(stopError, 'PostackService');
    });
    throw error;
  }
}

/** Stops what was started, in reverse order; an error of one does not prevent the others from being stopped. */
async function undo(started: (() => Promise<void>)[]): Promise<void> {
  const errors: unknown[] = [];
  for (let stop = started.pop(); stop; stop = started.pop()) {
    await stop().catch((error: unknown) => errors.push(error));
  }
  if (errors.length > 0)
    throw errors.length === 1 ? errors[0] : new AggregateError(errors, 'Shutdown failed');
}

async function createApplication(
  config: ServiceConfig,
  development: DevelopmentCredentials | undefined,
  { dataSource, direct }: { dataSource: DataSource; direct: DataSource | undefined },
  logger: ServiceLogger,
): Promise<INestApplication> {
  const secret =
    config.webhookSecrets.length > 0 ? config.webhookSecrets : (development?.webhookSecret ?? '');
  const module = ServiceModule.with(
    {
      ...config.file,
      ...(config.endpoints ? { endpoints: config.endpoints } : { secret, path: config.webhookPath }),
      role: config.role,
      retention: config.retention,
      reports: config.reports,
      api: config.api,
      replies: config.replies,
      alerts: config.alerts,
    },
    { adminKey: config.adminKey ?? development?.adminKey ?? '' },
    dataSource,
    direct,
  );
  return NestFactory.create(module, await createAdapter(config.httpAdapter), { logger, abortOnError: false });
}
