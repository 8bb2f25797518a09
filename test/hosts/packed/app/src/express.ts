import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import compression from 'compression';
import helmet from 'helmet';
import { AppModule, configure } from './app.module.js';

async function start(): Promise<void> {
  const application = await NestFactory.create(AppModule);
  application.use(helmet(), compression());
  configure(application);
  await application.listen(0, '127.0.0.1');
  console.log(`listening at ${await application.getUrl()}`);
}

void start();
