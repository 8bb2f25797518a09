// npm run bench:latency: how long an event takes from its commit to the end of its projections, and to a
// listener, on an otherwise idle machine. One event at a time; prints one table.
import 'reflect-metadata';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { OnPostackEvent, PostackModule, postackEntities, postackMigrations } from '../../dist/src/index.js';
import { Inbox } from '../../dist/src/inbox/inbox.js';
import { DeliveryPlan } from '../../dist/src/dispatch/deliveries/delivery-plan.js';
import { EmbeddedPostgres } from '../../dist/src/service/embedded-postgres/embedded-postgres.js';
import { signWebhook } from '../../dist/src/testing/index.js';

const EVENTS = Number(process.argv[2] ?? 300);
const WARM_UP = 30;
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

const times = { committed: 0, projected: 0, heard: 0 };
let heard;

class Listener {
  onReceived() {
    times.heard = performance.now();
    heard();
  }
}
OnPostackEvent('message.received')(
  Listener.prototype,
  'onReceived',
  Object.getOwnPropertyDescriptor(Listener.prototype, 'onReceived'),
);

const directory = await mkdtemp(join(tmpdir(), 'nestjs-postack-bench-'));
const postgres = await EmbeddedPostgres.start(directory);
const dataSource = new DataSource({
  type: 'postgres',
  url: postgres.url,
  entities: postackEntities(),
  migrations: [...postackMigrations],
});
await dataSource.initialize();
await dataSource.runMigrations();

class Host {}
const database = {
  module: class Database {},
  global: true,
  providers: [{ provide: DataSource, useValue: dataSource }],
  exports: [DataSource],
};
Module({ imports: [database, PostackModule.forRoot({ secret })], providers: [Listener] })(Host);
const application = await NestFactory.create(Host, { logger: ['error', 'warn'] });
await application.listen(0, '127.0.0.1');
const url = `${await application.getUrl()}/api/v1/webhooks`;
application.get(Inbox, { strict: false }).onCommit(() => (times.committed = performance.now()));
// Called right after the commit of the projections.
const { handOver } = DeliveryPlan.prototype;
DeliveryPlan.prototype.handOver = function () {
  times.projected = performance.now();
  handOver.call(this);
};

const toProjected = [];
const toListener = [];
for (let index = 0; index < WARM_UP + EVENTS; index += 1) {
  const { headers, body } = signWebhook({
    secret,
    body: {
      type: 'message.received',
      data: { id: `SM${index}`, from: '+15550100001', to: '+15550100002', text: 'Hi' },
    },
  });
  const done = new Promise((resolve) => (heard = resolve));
  await fetch(url, { method: 'POST', headers, body });
  await done;
  if (index >= WARM_UP) {
    toProjected.push(times.projected - times.committed);
    toListener.push(times.heard - times.committed);
  }
  // Idle in between, as the promise is about an idle machine.
  await sleep(20);
}
await application.close();
await dataSource.destroy();
await postgres.stop();
await rm(directory, { recursive: true, force: true });

const quantile = (values, share) =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * share)].toFixed(1);
const row = (name, values) => ({
  'ms from commit to': name,
  p50: quantile(values, 0.5),
  p95: quantile(values, 0.95),
  p99: quantile(values, 0.99),
  max: quantile(values, 1),
});
console.table([row('projections committed', toProjected), row('listener called', toListener)]);
