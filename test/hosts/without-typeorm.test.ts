import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Global, Inject, Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DataSource } from 'typeorm';
import {
  MessageReceivedEvent,
  OnPostackEvent,
  PostackModule,
  postackEntities,
  postackMigrations,
  type TransactionalListenerContext,
} from '../../src/index.js';
import { signWebhook, waitForListener } from '../../src/testing/index.js';
import { messageBody, TEST_SECRET } from '../support/test-application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;

// As in the guide of src/database/.
const dataSource = {
  provide: DataSource,
  useFactory: () =>
    new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [...postackEntities()],
      migrations: [...postackMigrations],
      migrationsRun: true,
    }).initialize(),
};

@Global()
@Module({ providers: [dataSource], exports: [DataSource] })
class PostackDatabaseModule implements OnApplicationShutdown {
  constructor(@Inject(DataSource) private readonly database: DataSource) {}

  onApplicationShutdown(): Promise<void> {
    return this.database.destroy();
  }
}

@Injectable()
class Notes {
  @OnPostackEvent(MessageReceivedEvent, {
    name: 'notes',
    transactional: true,
    retry: { attempts: 2, firstDelayMs: 10 },
  })
  async onReceived(
    { text }: MessageReceivedEvent,
    { manager, attempt }: TransactionalListenerContext,
  ): Promise<void> {
    await manager.query('INSERT INTO note (text) VALUES ($1)', [text]);
    if (attempt === 1) throw new Error('try again');
  }
}

describe('A host without TypeORM', () => {
  beforeAll(async () => {
    database = await createTestDatabase({ isEmpty: true });
    await database.query('CREATE TABLE note (text text)');
  });
  afterAll(() => database.drop());

  it('brings a data source, in whose transactions listeners write, and which is closed last', async () => {
    @Module({
      imports: [PostackDatabaseModule, PostackModule.forRoot({ secret: TEST_SECRET })],
      providers: [Notes],
    })
    class HostModule {}
    const host = await NestFactory.create(HostModule, { logger: false });
    try {
      await host.listen(0, '127.0.0.1');
      const { id, headers, body } = signWebhook({
        secret: TEST_SECRET,
        body: messageBody('message.received'),
      });
      await fetch(`${await host.getUrl()}/api/v1/webhooks`, { method: 'POST', headers, body });
      await waitForListener(host, id, 'notes', 'done');
      expect(await database.query('SELECT text FROM note')).toEqual([{ text: 'Hello' }]);
    } finally {
      await host.close();
    }
  });
});
