import {
  Body,
  CallHandler,
  CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  ExecutionContext,
  ForbiddenException,
  Get,
  Injectable,
  NestInterceptor,
  Post,
  ValidationPipe,
  VersioningType,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, HttpAdapterHost } from '@nestjs/core';
import { describe, expect, it } from '@jest/globals';
import { IsString } from 'class-validator';
import { map } from 'rxjs';
import { ADAPTERS } from '../support/test-application.js';
import { expectWebhooksWork, hostsOnOneDatabase, type HostSetup } from './host-application.js';

class Greeting {
  @IsString()
  name!: string;
}

@Controller('greetings')
class GreetingController {
  @Get()
  list(): string[] {
    return ['Ada'];
  }

  @Post()
  greet(@Body() { name }: Greeting): { hello: string } {
    return { hello: name };
  }
}

@Injectable()
class RefuseAll implements CanActivate {
  canActivate(): boolean {
    throw new ForbiddenException('the host refuses');
  }
}

@Injectable()
class WrapAll implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    context
      .switchToHttp()
      .getResponse<{ header(name: string, value: string): void }>()
      .header('wrapped', 'yes');
    return next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

@Catch()
@Injectable()
class AnswerTeapot implements ExceptionFilter {
  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(_error: unknown, host: Parameters<ExceptionFilter['catch']>[1]): void {
    this.adapterHost.httpAdapter.reply(host.switchToHttp().getResponse(), { teapot: true }, 418);
  }
}

const validation = new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true });

/** What of the host's own is asked for, and what it must answer: that its setting is in force there. */
type Expectation = [
  method: string,
  path: string,
  status: number,
  body?: unknown,
  headers?: Record<string, string>,
];

interface Scenario extends Omit<HostSetup, 'adapter'> {
  expected: Expectation[];
}

const SCENARIOS: Record<string, Scenario> = {
  'a global prefix': {
    configure: (app) => app.setGlobalPrefix('api'),
    expected: [
      ['GET', '/api/greetings', 200, ['Ada']],
      ['GET', '/greetings', 404],
      ['POST', '/api/api/v1/webhooks', 404],
    ],
  },
  'the global prefix that our path starts with': {
    configure: (app) => app.setGlobalPrefix('api/v1'),
    expected: [
      ['GET', '/api/v1/greetings', 200, ['Ada']],
      ['GET', '/api/v1/webhooks', 404],
      ['POST', '/webhooks', 404],
    ],
  },
  'versions in the URI': {
    configure: (app) => app.enableVersioning({ type: VersioningType.URI, defaultVersion: '2' }),
    expected: [
      ['GET', '/v2/greetings', 200, ['Ada']],
      ['GET', '/greetings', 404],
      ['POST', '/v2/api/v1/webhooks', 404],
    ],
  },
  'versions in a header': {
    configure: (app) =>
      app.enableVersioning({ type: VersioningType.HEADER, header: 'x-api-version', defaultVersion: '2' }),
    expected: [
      ['GET', '/greetings', 200, ['Ada'], { 'x-api-version': '2' }],
      ['GET', '/greetings', 404, undefined, { 'x-api-version': '3' }],
    ],
  },
  'a version extractor that throws': {
    configure: (app) =>
      app.enableVersioning({
        type: VersioningType.CUSTOM,
        defaultVersion: '2',
        extractor: () => {
          throw new ForbiddenException();
        },
      }),
    expected: [['GET', '/greetings', 403]],
  },
  'a global pipe that refuses what it does not know': {
    configure: (app) => app.useGlobalPipes(validation),
    expected: [
      ['POST', '/greetings', 201, { hello: 'Ada' }],
      ['POST', '/greetings?extra', 400],
    ],
  },
  'the same pipe as APP_PIPE': {
    providers: [{ provide: APP_PIPE, useValue: validation }],
    expected: [['POST', '/greetings?extra', 400]],
  },
  'a global guard that refuses everything': {
    configure: (app) => app.useGlobalGuards(new RefuseAll()),
    expected: [['GET', '/greetings', 403]],
  },
  'the same guard as APP_GUARD': {
    providers: [{ provide: APP_GUARD, useClass: RefuseAll }],
    expected: [['GET', '/greetings', 403]],
  },
  'a global interceptor that changes every response': {
    configure: (app) => app.useGlobalInterceptors(new WrapAll()),
    expected: [['GET', '/greetings', 200, { data: ['Ada'] }]],
  },
  'the same interceptor as APP_INTERCEPTOR': {
    providers: [{ provide: APP_INTERCEPTOR, useClass: WrapAll }],
    expected: [['GET', '/greetings', 200, { data: ['Ada'] }]],
  },
  'a global filter that answers every error in its own way': {
    configure: (app) => app.useGlobalFilters(new AnswerTeapot(app.get(HttpAdapterHost))),
    expected: [['GET', '/nowhere', 418, { teapot: true }]],
  },
  'the same filter as APP_FILTER': {
    providers: [{ provide: APP_FILTER, useClass: AnswerTeapot }],
    expected: [['GET', '/nowhere', 418, { teapot: true }]],
  },
  'security headers and protection against cross-site requests': {
    configure: (app) => app.useSecurityHeaders().enableCsrfProtection(),
    expected: [['POST', '/greetings', 403, undefined, { 'sec-fetch-site': 'cross-site' }]],
  },
  'all of it at once': {
    configure: (app) => {
      app.setGlobalPrefix('api').enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
      app.useGlobalPipes(validation).useGlobalGuards(new RefuseAll());
      app.useGlobalInterceptors(new WrapAll());
      app.useGlobalFilters(new AnswerTeapot(app.get(HttpAdapterHost)));
    },
    expected: [['GET', '/api/v1/greetings', 418, { teapot: true }]],
  },
};

const EXTRA = { name: 'Ada', unknown: true };

const start = hostsOnOneDatabase();

describe('WebhookRoute', () => {
  describe.each(ADAPTERS)('in a host on %s with', (adapter) => {
    it.each(Object.entries(SCENARIOS))(
      '%s, webhooks are answered as ever, and the rest is as the host wants it',
      async (_name, { expected, ...setup }) => {
        const host = await start({ ...setup, adapter, controllers: [GreetingController] });
        await expectWebhooksWork(host.origin);
        for (const [method, path, status, body, headers] of expected) {
          const response = await fetch(`${host.origin}${path}`, {
            method,
            headers: { 'content-type': 'application/json', ...headers },
            body:
              method === 'POST'
                ? JSON.stringify(path.includes('extra') ? EXTRA : { name: 'Ada' })
                : undefined,
          });
          expect([method, path, response.status]).toEqual([method, path, status]);
          if (body !== undefined) expect(await response.json()).toEqual(body);
        }
      },
    );

    it('a path of its own choice, webhooks come in there and nowhere else', async () => {
      const path = '/hooks/postack.sms';
      const host = await start({ adapter, options: { path } });
      await expectWebhooksWork(host.origin, path);
      for (const other of ['/api/v1/webhooks', '/hooks/postackXsms', `${path}/more`, '/hooks']) {
        expect((await fetch(`${host.origin}${other}`, { method: 'POST' })).status).toBe(404);
      }
      expect((await fetch(`${host.origin}${path}?with=query`, { method: 'POST' })).status).toBe(401);
    });
  });
});
