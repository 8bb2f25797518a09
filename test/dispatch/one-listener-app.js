// A host application as a separate process, for tests that kill it: one listener, which prints each call to stdout.
// HANG=1: it never returns. MODE=transactional: it writes into the table "ledger"; with DIE=1 the process kills
// itself after the write.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { OnPostackEvent, PostackModule, postackEntities, postackMigrations } from '../../dist/src/index.js';

const { DATABASE_URL, SECRET, HANG, MODE, DIE } = process.env;

class Listener {
  async onEvent(event, { attempt, manager }) {
    console.log(`called ${event.id} ${attempt}`);
    if (HANG === '1') await new Promise(() => {});
    if (MODE !== 'transactional') return;
    await manager.query('INSERT INTO ledger (event_id) VALUES ($1)', [event.id]);
    if (DIE !== '1') return;
    // Not before the line has been written.
    process.stdout.write(`written ${event.id} ${attempt}\n`, () => process.kill(process.pid, 'SIGKILL'));
    await new Promise(() => {});
  }
}
OnPostackEvent('*', { name: 'only', transactional: MODE === 'transactional' })(
  Listener.prototype,
  'onEvent',
  Object.getOwnPropertyDescriptor(Listener.prototype, 'onEvent'),
);

const dataSource = new DataSource({
  type: 'postgres',
  url: DATABASE_URL,
  entities: postackEntities(),
  migrations: [...postackMigrations],
});
await dataSource.initialize();
await dataSource.runMigrations();
class Database {}
Module({ providers: [{ provide: DataSource, useValue: dataSource }], exports: [DataSource] })(Database);
class Host {}
Module({
  imports: [{ module: Database, global: true }, PostackModule.forRoot({ secret: SECRET })],
  providers: [Listener],
})(Host);
const app = await NestFactory.create(Host, { logger: ['error', 'warn'] });
await app.listen(0, '127.0.0.1');
console.log(`listening ${await app.getUrl()}`);
