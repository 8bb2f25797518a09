import { type INestApplication, Module, type Provider, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { PostackModule } from '../../src/postack.module.js';
import type { PostackModuleOptions } from '../../src/postack.options.js';
import { signWebhook, type SignWebhookOptions } from '../../src/testing/index.js';
import { createTestDatabase, openDataSource, type TestDatabase } from './test-database.js';

/** The secret of every test application, unless it has others. */
export const TEST_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

export const ADAPTERS = ['express', 'fastify'] as const;

export interface TestApplicationOptions {
  adapter?: (typeof ADAPTERS)[number];
  /** Use this database instead of a new one. */
  database?: TestDatabase;
  options?: Partial<PostackModuleOptions>;
  providers?: Provider[];
  controllers?: Type[];
  imports?: NonNullable<Parameters<typeof Module>[0]['imports']>;
  /** The same, but imported before `PostackModule`. */
  importsBefore?: NonNullable<Parameters<typeof Module>[0]['imports']>;
  /** What a host does between creating and starting: prefix, pipes, guards, … */
  configure?: (application: INestApplication) => void;
  /** Connections of the data source. */
  poolSize?: number;
}

/** A host application with the module imported, listening on a free port. */
export interface TestApplication {
  application: INestApplication;
  dataSource: DataSource;
  database: TestDatabase;
  origin: string;
  webhookUrl: string;
  /** Signs a webhook and posts it. */
  post(body: unknown, signing?: Partial<SignWebhookOptions>): Promise<Response & { id: string }>;
  /** Stops the application; drops the database if it was made for it. */
  close(): Promise<void>;
}

export async function startTestApplication(setup: TestApplicationOptions = {}): Promise<TestApplication> {
  const database = setup.database ?? (await createTestDatabase());
  const dataSource = await openDataSource(database.url, { poolSize: setup.poolSize });
  const options: PostackModuleOptions = { secret: TEST_SECRET, pollIntervalMs: 200, ...setup.options };

  @Module({ providers: [{ provide: DataSource, useValue: dataSource }], exports: [DataSource] })
  class DatabaseModule {}

  @Module({
    imports: [
      { module: DatabaseModule, global: true },
      ...(setup.importsBefore ?? []),
      PostackModule.forRoot(options),
      ...(setup.imports ?? []),
    ],
    providers: setup.providers ?? [],
    controllers: setup.controllers ?? [],
  })
  class HostModule {}

  const adapter = await newAdapter(setup.adapter);
  let application: INestApplication;
  try {
    application = await NestFactory.create(HostModule, adapter, { logger: false, abortOnError: false });
    setup.configure?.(application);
    await application.listen(0, '127.0.0.1');
  } catch (error) {
    await dataSource.destroy();
    if (!setup.database) await database.drop();
    throw error;
  }
  const origin = await application.getUrl();
  const webhookUrl = `${origin}${options.path ?? '/api/v1/webhooks'}`;
  return {
    application,
    dataSource,
    database,
    origin,
    webhookUrl,
    post: async (body, signing) => {
      const { id, headers, body: bytes } = signWebhook({ secret: TEST_SECRET, body, ...signing });
      const response = await fetch(webhookUrl, { method: 'POST', headers, body: bytes });
      return Object.assign(response, { id });
    },
    close: async () => {
      await application.close();
      await dataSource.destroy();
      if (!setup.database) await database.drop();
    },
  };
}

/** Loaded only when used: both take long to load. */
async function newAdapter(name: TestApplicationOptions['adapter']) {
  if (name === 'fastify') {
    const { FastifyAdapter } = await import('@nestjs/platform-fastify');
    return new FastifyAdapter();
  }
  const { ExpressAdapter } = await import('@nestjs/platform-express');
  return new ExpressAdapter();
}

let messages = 0;

/** The body of a message event, about a new message unless told otherwise. */
export function messageBody(
  type: string,
  data: Record<string, unknown> = {},
  timestamp: Date | null = new Date(),
) {
  messages += 1;
  return {
    type,
    ...(timestamp && { timestamp: timestamp.toISOString() }),
    data: { id: `SM${messages}`, from: '+15550100001', to: '+15550100002', text: 'Hello', ...data },
  };
}
