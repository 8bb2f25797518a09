import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  Injectable,
  Module,
  UnauthorizedException,
  ValidationPipe,
  VersioningType,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  MessageReceivedEvent,
  OnPostackEvent,
  PostackHealthIndicator,
  type PostackLogContext,
  postackLogContext,
  PostackModule,
  postackEntities,
  postackMigrations,
} from '../../src/index.js';
import { PostackAdminModule, type PostackAdminOptions } from '../../src/service/admin/index.js';
import { signWebhook, waitForListener } from '../../src/testing/index.js';
import { ADAPTERS, messageBody, TEST_SECRET } from '../support/test-application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

@Injectable()
class Staff {
  readonly ticket = 'staff';
}

@Module({ providers: [Staff], exports: [Staff] })
class StaffModule {}

/** A guard of the host, with a dependency of the host. */
@Injectable()
class StaffGuard implements CanActivate {
  constructor(private readonly staff: Staff) {}

  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    if (headers['ticket'] === this.staff.ticket) return true;
    throw new UnauthorizedException('Where is your ticket?');
  }
}

@Injectable()
class Contexts {
  readonly seen: (PostackLogContext | undefined)[] = [];

  @OnPostackEvent(MessageReceivedEvent, { name: 'contexts' })
  async onReceived(): Promise<void> {
    await new Promise(setImmediate);
    this.seen.push(postackLogContext());
  }
}

describe.each(ADAPTERS)('A host that mounts the operations, on %s', (adapter) => {
  let database: TestDatabase;
  let host: INestApplication;
  let eventId: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    @Module({
      imports: [
        TypeOrmModule.forRoot({
          type: 'postgres',
          url: database.url,
          entities: [...postackEntities()],
          migrations: [...postackMigrations],
        }),
        PostackModule.forRoot({ secret: TEST_SECRET }),
        PostackAdminModule.forRoot({ path: 'sms', guard: StaffGuard, imports: [StaffModule] }),
      ],
      providers: [Contexts],
    })
    class HostModule {}
    host =
      adapter === 'fastify'
        ? await NestFactory.create(HostModule, new FastifyAdapter(), { logger: false })
        : await NestFactory.create(HostModule, { logger: false });
    host.setGlobalPrefix('backend');
    host.enableVersioning({ type: VersioningType.URI, defaultVersion: '2' });
    host.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true }));
    await host.listen(0, '127.0.0.1');
    const { id, headers, body } = signWebhook({ secret: TEST_SECRET, body: messageBody('message.received') });
    await fetch(`${await host.getUrl()}/api/v1/webhooks`, { method: 'POST', headers, body });
    await waitForListener(host, id, 'contexts', 'done');
    eventId = id;
  });
  afterAll(async () => {
    await host.close();
    await database.drop();
  });

  const call = async (path: string, init: RequestInit = {}, ticket = 'staff') => {
    const headers = { ticket, 'content-type': 'application/json', ...(init.headers as object) };
    const response = await fetch(`${await host.getUrl()}${path}`, { ...init, headers });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  it('serves the admin API behind its own guard, below its own prefix', async () => {
    const { status, body } = await call('/backend/sms/events');
    expect(status).toBe(200);
    expect(body['items']).toEqual([expect.objectContaining({ id: eventId, status: 'done' })]);
    expect(await call('/backend/sms/events', {}, 'customer')).toMatchObject({
      status: 401,
      body: { detail: 'Where is your ticket?' },
    });
    expect((await fetch(`${await host.getUrl()}/api/v1/events`)).status).toBe(404);
  });

  it('gives the same answer to a wrong request as the service does', async () => {
    expect(await call('/backend/sms/reports/summary?form=2026-01-01')).toMatchObject({ status: 400 });
    expect(await call('/backend/sms/events/msg_none')).toMatchObject({
      status: 404,
      body: { title: 'Not Found', type: 'about:blank' },
    });
  });

  it('takes lists', async () => {
    const init = { method: 'POST', headers: { 'content-type': 'text/csv' }, body: 'number\n+15550100009\n' };
    expect(await call('/backend/sms/suppressions/import?reason=test', init)).toMatchObject({
      status: 200,
      body: { imported: 1 },
    });
  });

  it('knows whether it is healthy', async () => {
    const health = host.get(PostackHealthIndicator, { strict: false });
    expect(await health.isHealthy()).toEqual({ postack: { status: 'up' } });
    expect(await health.isHealthy('sms')).toEqual({ sms: { status: 'up' } });
  });

  it('can name the event and the listener in each log line', () => {
    expect(host.get(Contexts).seen).toEqual([
      { listener: 'contexts', eventId, endpoint: 'default', attempt: 1 },
    ]);
    expect(postackLogContext()).toBeUndefined();
  });
});

describe('PostackAdminModule', () => {
  it.each([
    [{ path: '/a b', guard: StaffGuard }, /"path" must look like postack/],
    [{ path: 'sms' }, /"guard" must be the class of a guard: the API shows texts and phone numbers/],
  ])('refuses %j', (options, message) => {
    expect(() => PostackAdminModule.forRoot(options as PostackAdminOptions)).toThrow(message);
  });
});
