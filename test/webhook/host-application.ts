import {
  type DynamicModule,
  type INestApplication,
  type MiddlewareConsumer,
  Module,
  type NestApplicationOptions,
  type NestModule,
  type Provider,
  type Type,
} from '@nestjs/common';
import { type AbstractHttpAdapter, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import { PostackModule } from '../../src/postack.module.js';
import type { PostackModuleOptions } from '../../src/postack.options.js';
import { signWebhook } from '../../src/testing/index.js';
import { type ADAPTERS, TEST_SECRET } from '../support/test-application.js';
import { createTestDatabase, openDataSource, type TestDatabase } from '../support/test-database.js';

export type AdapterName = (typeof ADAPTERS)[number];

/** Somebody else's application, with or without our module in it. */
export interface HostSetup {
  adapter: AdapterName | AbstractHttpAdapter;
  /** With our module, on this data source; absent: without it. */
  dataSource?: DataSource;
  options?: Partial<PostackModuleOptions>;
  /** What the host passes to `NestFactory.create`. */
  nest?: NestApplicationOptions;
  controllers?: Type[];
  providers?: Provider[];
  /** The host's `configure(consumer)`. */
  middleware?: (consumer: MiddlewareConsumer) => void;
  /** What the host does in its `main.ts` before `listen`. */
  configure?: (application: INestApplication) => void;
}

export interface Host {
  application: INestApplication;
  origin: string;
}

/** The host's root module. */
export function hostModule(setup: Omit<HostSetup, 'adapter'>): DynamicModule {
  @Module({})
  class HostModule implements NestModule {
    configure(consumer: MiddlewareConsumer): void {
      setup.middleware?.(consumer);
    }
  }

  @Module({})
  class DatabaseModule {}

  const { dataSource } = setup;
  const postack = dataSource && [
    {
      module: DatabaseModule,
      global: true,
      providers: [{ provide: DataSource, useValue: dataSource }],
      exports: [DataSource],
    },
    // Only accepting: what happens to the events later is not looked at here.
    PostackModule.forRoot({ secret: TEST_SECRET, role: 'accept', ...setup.options }),
  ];
  return {
    module: HostModule,
    imports: postack ?? [],
    controllers: setup.controllers ?? [],
    providers: setup.providers ?? [],
  };
}

export function newAdapter(name: AdapterName): AbstractHttpAdapter {
  return name === 'express' ? new ExpressAdapter() : new FastifyAdapter();
}

/** Starts it on a free port. */
export async function startHost(setup: HostSetup): Promise<Host> {
  const adapter = typeof setup.adapter === 'string' ? newAdapter(setup.adapter) : setup.adapter;
  const application = await NestFactory.create(hostModule(setup), adapter, {
    logger: false,
    abortOnError: false,
    ...setup.nest,
  });
  setup.configure?.(application);
  await application.listen(0, '127.0.0.1');
  return { application, origin: await application.getUrl() };
}

/** Delivers one event, and expects every answer to be as it always is, whatever the host does. */
export async function expectWebhooksWork(origin: string, path = '/api/v1/webhooks'): Promise<void> {
  const deliver = async (body: string, change: Record<string, string> = {}, id?: string) => {
    const signed = signWebhook({ secret: TEST_SECRET, body, id });
    const headers = { ...signed.headers, ...change };
    const response = await fetch(`${origin}${path}`, { method: 'POST', headers, body: signed.body });
    const { status } = response;
    const told = [status, response.headers.get('postack-receipt'), await response.text()];
    return { id: signed.id, told, headers: [...response.headers.keys()].toSorted() };
  };
  const event = '{ "type": "message.received", "unknownToTheHost": true }';
  const accepted = await deliver(event);
  expect(accepted.told).toEqual([204, 'accepted', '']);
  expect((await deliver(event, { 'content-type': 'text/plain' }, accepted.id)).told).toEqual([
    204,
    'duplicate',
    '',
  ]);
  expect((await deliver('not JSON')).told).toEqual([204, 'quarantined', '']);
  const forged = await deliver(event, { 'svix-id': 'msg_forged' });
  expect(forged.told).toEqual([401, null, '{"type":"about:blank","title":"Unauthorized","status":401}']);
  // Nothing of the host's has added a header.
  expect(accepted.headers.filter((name) => name !== 'x-powered-by')).toEqual([
    'connection',
    'date',
    'keep-alive',
    'postack-receipt',
  ]);
}

/**
 * A database for the hosts of one test file, and a way to start them on it, one at a time; registers what closes the
 * host after each test and drops the database after all.
 */
export function hostsOnOneDatabase(): (setup: HostSetup) => Promise<Host> {
  let database: TestDatabase;
  let dataSource: DataSource;
  let host: Host | undefined;
  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await openDataSource(database.url);
  });
  afterEach(async () => {
    await host?.application.close();
    host = undefined;
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });
  return async (setup) => (host = await startHost({ dataSource, ...setup }));
}
