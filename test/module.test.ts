import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type INestApplication, Injectable, Module, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken, TypeOrmModule, type TypeOrmModuleOptions } from '@nestjs/typeorm';
import {
  DEFAULT_SCHEMA,
  MessageReceivedEvent,
  OnPostackEvent,
  PostackModule,
  type PostackModuleOptions,
  postackEntities,
  postackMigrations,
} from '../src/index.js';
import { signWebhook, waitForListener } from '../src/testing/index.js';
import { messageBody, TEST_SECRET } from './support/test-application.js';
import { createTestDatabase, type TestDatabase } from './support/test-database.js';

@Injectable()
class Crm {
  readonly texts: (string | null)[] = [];

  @OnPostackEvent(MessageReceivedEvent, { name: 'crm' })
  onReceived({ text }: MessageReceivedEvent): void {
    this.texts.push(text);
  }
}

@Injectable()
class Settings {
  readonly postack: PostackModuleOptions = { secret: [TEST_SECRET] };
}

@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}

describe('PostackModule, in a host that uses @nestjs/typeorm', () => {
  let database: TestDatabase;
  let app: INestApplication | undefined;

  const options = (more: object = {}): TypeOrmModuleOptions => ({
    type: 'postgres',
    url: database.url,
    entities: [...postackEntities()],
    migrations: [...postackMigrations],
    migrationsRun: true,
    retryAttempts: 0,
    ...more,
  });

  async function start(imports: NonNullable<ModuleMetadata['imports']>): Promise<INestApplication> {
    @Module({ imports, providers: [Crm] })
    class HostModule {}
    app = await NestFactory.create(HostModule, { logger: false, abortOnError: false });
    await app.listen(0, '127.0.0.1');
    return app;
  }

  async function expectItWorks(host: INestApplication): Promise<void> {
    const { id, headers, body } = signWebhook({ secret: TEST_SECRET, body: messageBody('message.received') });
    const response = await fetch(`${await host.getUrl()}/api/v1/webhooks`, { method: 'POST', headers, body });
    expect(response.status).toBe(204);
    await waitForListener(host, id, 'crm', 'done');
    expect(host.get(Crm).texts).toEqual(['Hello']);
  }

  beforeEach(async () => {
    database = await createTestDatabase({ isEmpty: true });
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
    postackEntities({ schema: DEFAULT_SCHEMA });
    await database.drop();
  });

  it('refuses to be imported twice, in one sentence', async () => {
    const two = [{ path: '/a' }, { path: '/b' }].map((more) =>
      PostackModule.forRoot({ secret: TEST_SECRET, ...more }),
    );
    await expect(start([TypeOrmModule.forRoot(options()), ...two])).rejects.toThrow(
      /^PostackModule: forRoot\(\) or forRootAsync\(\) is imported 2 times\. Import it once/,
    );
  });

  it('uses the default data source', async () => {
    await expectItWorks(
      await start([TypeOrmModule.forRoot(options()), PostackModule.forRoot({ secret: TEST_SECRET })]),
    );
  });

  it('uses a named data source', async () => {
    const dataSource = getDataSourceToken('sms');
    await expectItWorks(
      await start([
        TypeOrmModule.forRoot(options({ name: 'sms' })),
        PostackModule.forRoot({ secret: TEST_SECRET, dataSource }),
      ]),
    );
  });

  it('takes its options from a factory', async () => {
    const postack = PostackModule.forRootAsync({
      imports: [SettingsModule],
      inject: [Settings],
      useFactory: (settings: Settings) => settings.postack,
    });
    await expectItWorks(await start([TypeOrmModule.forRoot(options()), postack]));
  });

  it('lives in another schema, next to tables of the host', async () => {
    await database.query('CREATE TABLE inbox_event (theirs int)');
    const entities = [...postackEntities({ schema: 'sms' })];
    await expectItWorks(
      await start([
        TypeOrmModule.forRoot(options({ entities })),
        PostackModule.forRoot({ secret: TEST_SECRET, jobsSchema: 'sms_jobs' }),
      ]),
    );
    const schemas = await database.query<{ nspname: string }>(
      `SELECT nspname FROM pg_namespace WHERE nspname ~ '^(postack|sms)' ORDER BY nspname`,
    );
    expect(schemas.map(({ nspname }) => nspname)).toEqual(['sms', 'sms_jobs']);
  });

  it.each<[string, () => NonNullable<ModuleMetadata['imports']>, RegExp]>([
    ['there is no data source', () => [], /there is none to inject. Import TypeOrmModule\.forRoot/],
    [
      'the entities are missing',
      () => [TypeOrmModule.forRoot(options({ entities: [], migrations: [] }))],
      /does not know the entities of this package: add "entities: \[\.\.\.postackEntities\(\)\]"/,
    ],
    [
      'the migrations have not run',
      () => [TypeOrmModule.forRoot(options({ migrationsRun: false }))],
      /these tables are missing: "postack"\."inbox_event", .*Run the migrations/,
    ],
  ])('does not start when %s, and says what to do', async (_what, imports, message) => {
    await expect(start([...imports(), PostackModule.forRoot({ secret: TEST_SECRET })])).rejects.toThrow(
      message,
    );
  });
});
