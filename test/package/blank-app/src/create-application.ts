import 'reflect-metadata';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';

/** A host with a global prefix, and with its own parsing of JSON: up to 1 MB, whatever else is sent. */
export async function createApplication(): Promise<INestApplication> {
  const application =
    process.env['POSTACK_HTTP_ADAPTER'] === 'fastify' ? await onFastify() : await onExpress();
  application.setGlobalPrefix('shop');
  application.enableShutdownHooks();
  return application;
}

async function onExpress(): Promise<INestApplication> {
  const application = await NestFactory.create<NestExpressApplication>(AppModule, { bodyParser: false });
  application.useBodyParser('json', { limit: '1mb' });
  return application;
}

async function onFastify(): Promise<INestApplication> {
  const application = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), {
    bodyParser: false,
  });
  application.useBodyParser('application/json', { bodyLimit: 1_048_576 }, (_request, body, done) => {
    done(null, JSON.parse(body.toString()));
  });
  return application;
}
