import 'reflect-metadata';
import compress from '@fastify/compress';
import helmet from '@fastify/helmet';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule, configure } from './app.module.js';

async function start(): Promise<void> {
  const application = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter());
  await application.register(helmet);
  await application.register(compress);
  configure(application);
  await application.listen(0, '127.0.0.1');
  console.log(`listening at ${await application.getUrl()}`);
}

void start();
