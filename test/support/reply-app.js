// A host application that answers every message, run as a separate process. With CRASH_AT it kills itself at that step
// of the first answer.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DataSource } from 'typeorm';
import {
  MessageReceivedEvent,
  OnPostackEvent,
  PostackModule,
  postackEntities,
} from '../../dist/src/index.js';
import { OutboxDelivery } from '../../dist/src/outbox/outbox-delivery.js';

const { DATABASE_URL, SECRET, API_KEY, API_URL, PORT = '0', CRASH_AT = '' } = process.env;
const { REQUESTS_PER_SECOND = '10' } = process.env;

const dataSource = new DataSource({
  type: 'postgres',
  url: DATABASE_URL,
  entities: postackEntities(),
  poolSize: 5,
});
await dataSource.initialize();
class Database {}
Module({ providers: [{ provide: DataSource, useValue: dataSource }], exports: [DataSource] })(Database);

function crash(step) {
  if (step === CRASH_AT) process.kill(process.pid, 'SIGKILL');
}

class Answering {
  async answer(event) {
    await event.reply(`You wrote: ${event.text}`);
    crash('answered');
  }
}
OnPostackEvent(MessageReceivedEvent, { name: 'answering' })(
  Answering.prototype,
  'answer',
  Object.getOwnPropertyDescriptor(Answering.prototype, 'answer'),
);

class Host {}
Module({
  imports: [
    { module: Database, global: true },
    PostackModule.forRoot({
      secret: SECRET,
      api: { apiKey: API_KEY, baseUrl: API_URL, requestsPerSecond: Number(REQUESTS_PER_SECOND) },
      replies: { rules: false },
    }),
  ],
  providers: [Answering],
})(Host);
const app = await NestFactory.create(Host, { logger: ['error', 'warn'] });

const delivery = app.get(OutboxDelivery, { strict: false });
for (const [method, before, after] of [
  ['take', 'taking', 'taken'],
  ['begin', 'beginning', 'begun'],
  ['accepted', 'accepting', 'accepted'],
]) {
  const original = delivery[method].bind(delivery);
  delivery[method] = async (...parameters) => {
    crash(before);
    const result = await original(...parameters);
    crash(after);
    return result;
  };
}

// The parent process has exited.
process.stdin.on('end', () => process.exit(1)).resume();
await app.listen(Number(PORT), '127.0.0.1');
console.log(`listening ${await app.getUrl()}`);
