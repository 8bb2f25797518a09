// A host application of its own process, for tests that kill it: one listener, which reports each call on stdout
// and, with HANG=1, never comes back.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { OnPostackEvent, PostackModule, postackEntities, postackMigrations } from '../../dist/src/index.js';

class Listener {
  onEvent(event, { attempt }) {
    console.log(`called ${event.id} ${attempt}`);
    return process.env.HANG === '1' ? new Promise(() => {}) : Promise.resolve();
  }
}
OnPostackEvent('*', { name: 'only', retry: { firstDelayMs: 2000 } })(
  Listener.prototype,
  'onEvent',
  Object.getOwnPropertyDescriptor(Listener.prototype, 'onEvent'),
);

const dataSource = new DataSource({
  type: 'postgres',
  url: process.env.DATABASE_URL,
  entities: postackEntities(),
  migrations: [...postackMigrations],
});
await dataSource.initialize();
await dataSource.runMigrations();
class Database {}
Module({ providers: [{ provide: DataSource, useValue: dataSource }], exports: [DataSource] })(Database);
class Host {}
Module({
  imports: [{ module: Database, global: true }, PostackModule.forRoot({ secret: process.env.SECRET })],
  providers: [Listener],
})(Host);
const app = await NestFactory.create(Host, { logger: ['error', 'warn'] });
await app.listen(0, '127.0.0.1');
console.log(`listening ${await app.getUrl()}`);
