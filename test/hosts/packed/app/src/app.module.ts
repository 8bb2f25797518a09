import {
  type CallHandler,
  type CanActivate,
  Catch,
  type ArgumentsHost,
  Controller,
  type ExecutionContext,
  ForbiddenException,
  Get,
  HttpException,
  Injectable,
  Module,
  type NestInterceptor,
  ValidationPipe,
  VersioningType,
  type INestApplication,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, BaseExceptionFilter } from '@nestjs/core';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import {
  MessageReceivedEvent,
  OnPostackEvent,
  PostackModule,
  type PostackRole,
  postackEntities,
  postackMigrations,
  type TransactionalListenerContext,
} from 'nestjs-postack';
import { map, type Observable } from 'rxjs';
import { DefaultNamingStrategy } from 'typeorm';

/** Names tables in its own way. */
class ShopNames extends DefaultNamingStrategy {
  override tableName(target: string, name: string | undefined): string {
    return `shop_${super.tableName(target, name)}`;
  }
}

/** Lets nobody in without a ticket: neither should the webhooks need one. */
@Injectable()
class TicketGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string | undefined> }>();
    return headers['ticket'] === 'valid';
  }
}

@Injectable()
class Envelope implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

@Catch(HttpException)
class ShopFilter extends BaseExceptionFilter {
  override catch(error: HttpException, host: ArgumentsHost): void {
    super.catch(error instanceof ForbiddenException ? new ForbiddenException('no ticket') : error, host);
  }
}

@Controller({ path: 'orders', version: '1' })
class Orders {
  @Get()
  list(): string[] {
    return ['pear'];
  }
}

@Injectable()
class Greeter {
  private heard: string[] = [];

  constructor(private readonly events: EventEmitter2) {}

  @OnPostackEvent(MessageReceivedEvent, { transactional: true })
  async greet(event: MessageReceivedEvent, { manager }: TransactionalListenerContext): Promise<void> {
    const rows: unknown[] = await manager.query('SELECT 1 AS one');
    const { id, text, from } = event;
    const isTyped = event instanceof MessageReceivedEvent && rows.length === 1;
    this.events.emit('greeted.customer', { id, text, from, isTyped });
  }

  /** Heard through the emitter of this application, with its wildcards. */
  @OnEvent('greeted.*')
  print(greeting: object): void {
    this.heard.push(JSON.stringify(greeting));
    console.log(`heard ${JSON.stringify(greeting)}`);
  }
}

@Module({
  imports: [
    EventEmitterModule.forRoot({ wildcard: true }),
    ThrottlerModule.forRoot([{ ttl: 60_000, limit: 3 }]),
    TypeOrmModule.forRoot({
      type: 'postgres',
      name: 'events',
      url: process.env['DATABASE_URL'],
      entities: [...postackEntities()],
      migrations: [...postackMigrations],
      migrationsRun: true,
      namingStrategy: new ShopNames(),
    }),
    PostackModule.forRoot({
      secret: process.env['POSTACK_WEBHOOK_SECRET'],
      role: (process.env['ROLE'] ?? 'all') as PostackRole,
      dataSource: getDataSourceToken('events'),
    }),
  ],
  controllers: [Orders],
  providers: [
    Greeter,
    { provide: APP_GUARD, useClass: TicketGuard },
    { provide: APP_GUARD, useClass: ThrottlerGuard },
    { provide: APP_INTERCEPTOR, useClass: Envelope },
    { provide: APP_FILTER, useClass: ShopFilter },
    { provide: APP_PIPE, useValue: new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true }) },
  ],
})
export class AppModule {}

export function configure(application: INestApplication): void {
  application.setGlobalPrefix('shop');
  application.enableVersioning({ type: VersioningType.URI });
  application.enableShutdownHooks();
}
