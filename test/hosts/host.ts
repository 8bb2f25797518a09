import {
  type INestApplication,
  Injectable,
  type LoggerService,
  Module,
  type ModuleMetadata,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule, type TypeOrmModuleOptions } from '@nestjs/typeorm';
import { expect } from '@jest/globals';
import {
  MessageReceivedEvent,
  OnPostackEvent,
  PostackModule,
  type PostackModuleExtras,
  type PostackModuleOptions,
  postackEntities,
  postackMigrations,
} from '../../src/index.js';
import { signWebhook, waitForListener } from '../../src/testing/index.js';
import { messageBody, TEST_SECRET } from '../support/test-application.js';

/** What a host may have otherwise than a new Nest application. */
export interface HostOptions {
  url: string;
  typeorm?: object;
  postack?: Partial<PostackModuleOptions & PostackModuleExtras>;
  logger?: LoggerService;
  imports?: NonNullable<ModuleMetadata['imports']>;
  providers?: NonNullable<ModuleMetadata['providers']>;
}

@Injectable()
export class Crm {
  readonly texts: (string | null)[] = [];

  @OnPostackEvent(MessageReceivedEvent, { name: 'crm' })
  onReceived({ text }: MessageReceivedEvent): void {
    this.texts.push(text);
  }
}

/** A Nest application with `@nestjs/typeorm` and a listener, as a host writes it. Rejects when it does not start. */
export async function startHost(options: HostOptions): Promise<INestApplication> {
  const { url, typeorm = {}, postack = {}, imports = [], providers = [], logger = false } = options;
  const database: TypeOrmModuleOptions = {
    type: 'postgres',
    url,
    entities: [...postackEntities()],
    migrations: [...postackMigrations],
    migrationsRun: true,
    retryAttempts: 0,
    ...typeorm,
  };
  @Module({
    imports: [
      ...imports,
      TypeOrmModule.forRoot(database),
      PostackModule.forRoot({ secret: TEST_SECRET, ...postack }),
    ],
    providers: [Crm, ...providers],
  })
  class HostModule {}
  const host = await NestFactory.create(HostModule, { logger, abortOnError: false });
  try {
    await host.listen(0, '127.0.0.1');
  } catch (error) {
    await host.close();
    throw error;
  }
  return host;
}

/** Sends a webhook to a host, and waits until its listener has handled it. */
export async function expectItWorks(host: INestApplication, text = 'Hello'): Promise<void> {
  const { id, headers, body } = signWebhook({
    secret: TEST_SECRET,
    body: messageBody('message.received', { text }),
  });
  const response = await fetch(`${await host.getUrl()}/api/v1/webhooks`, { method: 'POST', headers, body });
  expect(response.status).toBe(204);
  await waitForListener(host, id, 'crm', 'done');
  expect(host.get(Crm).texts).toContain(text);
}
