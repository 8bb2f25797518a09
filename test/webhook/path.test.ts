import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { signWebhook } from '../../src/testing/index.js';
import {
  ADAPTERS,
  messageBody,
  startTestApplication,
  TEST_SECRET,
  type TestApplication,
} from '../support/test-application.js';

/** Another server in front of the application's HTTP library: requests do not pass the application's own server. */
async function serveThroughLibrary(application: INestApplication): Promise<Server> {
  const instance: RequestListener & { routing?: RequestListener } = application
    .getHttpAdapter()
    .getInstance();
  const server = createServer(instance.routing ?? instance);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return server;
}

describe.each(ADAPTERS)('The path of the webhook route, on %s', (adapter) => {
  let app: TestApplication;
  let library: Server;
  let origins: string[];

  beforeAll(async () => {
    app = await startTestApplication({ adapter });
    library = await serveThroughLibrary(app.application);
    const { port } = library.address() as AddressInfo;
    origins = [await app.application.getUrl(), `http://127.0.0.1:${port}`];
  });
  afterAll(async () => {
    await new Promise((closed) => library.close(closed));
    await app.close();
  });

  it.each([
    ['/api/v1/webhooks', 204],
    ['/api/v1/webhooks?source=postack', 204],
    ['/api/v1/webhooks/', 204],
    ['/api/v1/webhooks/?source=postack', 204],
    ['/API/v1/webhooks', 404],
    ['/api/v1/%77ebhooks', 404],
    ['/api/v1/webhooks//', 404],
    ['/api/v1/webhooks2', 404],
  ])('POST %s gets %i, through the server and through the library', async (path, status) => {
    for (const origin of origins) {
      const { headers, body } = signWebhook({ secret: TEST_SECRET, body: messageBody('message.received') });
      const response = await fetch(`${origin}${path}`, { method: 'POST', headers, body });
      expect(response.status).toBe(status);
    }
  });
});
