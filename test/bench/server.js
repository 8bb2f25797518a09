// One server of the benchmark, by name, forked by measure.js. Sends its URL when it listens, and, when asked, what it
// has cost since the last `reset`.
import 'reflect-metadata';
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Queue, Worker } from 'bullmq';
import express from 'express';
import { Redis } from 'ioredis';
import pg from 'pg';
import { Webhook } from 'svix';
import { DataSource } from 'typeorm';
import { OnPostackEvent, PostackModule, postackEntities, postackMigrations } from '../../dist/src/index.js';

const PATH = '/api/v1/webhooks';
const secret = process.env.BENCH_SECRET;
const databaseUrl = process.env.BENCH_DATABASE_URL;

/** (a) what the vendor's documentation shows; (b) the same, with one INSERT for each request. */
async function vendorSample({ store }) {
  const webhook = new Webhook(secret);
  const pool = store ? new pg.Pool({ connectionString: databaseUrl, max: 10 }) : undefined;
  await pool?.query('CREATE TABLE IF NOT EXISTS sample (id text PRIMARY KEY, body bytea NOT NULL)');
  const app = express();
  app.post(PATH, express.raw({ type: 'application/json' }), async (request, response) => {
    try {
      webhook.verify(request.body, request.headers);
      await pool?.query('INSERT INTO sample (id, body) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
        request.headers['svix-id'],
        request.body,
      ]);
      response.status(204).end();
    } catch {
      response.status(400).end();
    }
  });
  return listen(createServer(app));
}

/**
 * (i) what people build without a package like this one: the sample, a job for each event in BullMQ, a worker that calls
 * a listener. Redis appends to its file, and flushes it once a second.
 */
async function bullSample() {
  const webhook = new Webhook(secret);
  const connection = new Redis(process.env.BENCH_REDIS_URL, { maxRetriesPerRequest: null });
  const queue = new Queue('events', { connection });
  const { onEvent } = listenerFor('bull').prototype;
  const worker = new Worker(
    'events',
    async ({ data, timestamp }) => {
      const event = JSON.parse(data.body);
      await onEvent({ ...event, receivedAt: new Date(timestamp) });
    },
    { connection, concurrency: 50 },
  );
  await worker.waitUntilReady();
  const app = express();
  app.post(PATH, express.raw({ type: 'application/json' }), async (request, response) => {
    try {
      webhook.verify(request.body, request.headers);
      handled.firstAt ??= Date.now();
      const options = { jobId: request.headers['svix-id'], removeOnComplete: true, attempts: 10 };
      await queue.add('event', { body: request.body.toString() }, options);
      response.status(204).end();
    } catch {
      response.status(400).end();
    }
  });
  return listen(createServer(app));
}

/** (c) the limit: node:http, and one HMAC. */
function bare() {
  const key = createSecretKey(Buffer.from(secret.slice('whsec_'.length), 'base64'));
  return listen(
    createServer((request, response) => {
      const chunks = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => {
        const { headers } = request;
        const expected = createHmac('sha256', key)
          .update(`${headers['svix-id']}.${headers['svix-timestamp']}.`)
          .update(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks))
          .digest('base64');
        const isSame = timingSafeEqual(
          Buffer.from(headers['svix-signature'].slice(3)),
          Buffer.from(expected),
        );
        response.writeHead(isSame ? 204 : 401).end();
      });
    }),
  );
}

const handled = { lagsMs: [], firstAt: undefined, lastAt: undefined };

function listenerFor(name) {
  class Listener {
    onEvent({ receivedAt }) {
      handled.lastAt = Date.now();
      handled.lagsMs.push(handled.lastAt - receivedAt.getTime());
      return Promise.resolve();
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Listener.prototype, 'onEvent');
  OnPostackEvent('*', { name })(Listener.prototype, 'onEvent', descriptor);
  return Listener;
}

async function module({ adapter, role, listeners = 0, reports = true }) {
  const dataSource = new DataSource({
    type: 'postgres',
    url: databaseUrl,
    entities: postackEntities(),
    migrations: [...postackMigrations],
  });
  await dataSource.initialize();
  await dataSource.runMigrations();
  const database = {
    module: class Database {},
    global: true,
    providers: [{ provide: DataSource, useValue: dataSource }],
    exports: [DataSource],
  };
  class Host {}
  Module({
    imports: [database, PostackModule.forRoot({ secret, role, reports })],
    providers: Array.from({ length: listeners }, (_, index) => listenerFor(`bench-${index + 1}`)),
  })(Host);
  const app = await NestFactory.create(Host, adapter, { logger: false });
  await app.listen(0, '127.0.0.1');
  return `${await app.getUrl()}${PATH}`;
}

async function listen(server) {
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return `http://127.0.0.1:${server.address().port}${PATH}`;
}

const rows = {
  sample: () => vendorSample({ store: false }),
  'sample+insert': () => vendorSample({ store: true }),
  'sample+bull': bullSample,
  bare,
  'accept-express': () => module({ adapter: new ExpressAdapter(), role: 'accept' }),
  'accept-fastify': () => module({ adapter: new FastifyAdapter(), role: 'accept' }),
  'all-express': () => module({ adapter: new ExpressAdapter(), role: 'all' }),
  'all-express-reports': () => module({ adapter: new ExpressAdapter(), role: 'all', reports: false }),
  'all-express+listener': () => module({ adapter: new ExpressAdapter(), role: 'all', listeners: 1 }),
  'all-express+4': () => module({ adapter: new ExpressAdapter(), role: 'all', listeners: 4 }),
};

const url = await rows[process.argv[2]]();
let idle = process.cpuUsage();
process.on('message', (message) => {
  if (message === 'reset') {
    idle = process.cpuUsage();
    Object.assign(handled, { lagsMs: [], firstAt: undefined, lastAt: undefined });
  }
  const { user, system } = process.cpuUsage(idle);
  const lags = handled.lagsMs.toSorted((a, b) => a - b);
  process.send({
    cpuSeconds: (user + system) / 1e6,
    peakMemoryMb: process.resourceUsage().maxRSS / 1024,
    handled: lags.length,
    firstAt: handled.firstAt,
    lastHandledAt: handled.lastAt,
    listenerP99: lags[Math.floor((lags.length - 1) * 0.99)],
  });
});
process.on('disconnect', () => process.exit());
process.send({ url });
