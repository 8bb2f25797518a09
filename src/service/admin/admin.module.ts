import {
  type CanActivate,
  type DynamicModule,
  Module,
  type ModuleMetadata,
  type OnModuleInit,
  type Type,
} from '@nestjs/common';
import { HttpAdapterHost, RouterModule } from '@nestjs/core';
import { ConfigurationError } from '../../errors/configuration-error.js';
import { ADMIN_GUARD, AdminGuard } from './admin.guard.js';
import { AlertsController } from './alerts/alerts.controller.js';
import { DeadLettersController } from './dead-letters/dead-letters.controller.js';
import { EventsController } from './events/events.controller.js';
import { FailuresController } from './failures/failures.controller.js';
import { ListenersController } from './listeners/listeners.controller.js';
import { MessagesController } from './messages/messages.controller.js';
import { OptOutsController } from './opt-outs/opt-outs.controller.js';
import { OutboxController } from './outbox/outbox.controller.js';
import { ReplaysController } from './replays/replays.controller.js';
import { ReplyRulesController } from './reply-rules/reply-rules.controller.js';
import { ReportsController } from './reports/reports.controller.js';
import { SuppressionsController } from './suppressions/suppressions.controller.js';
import { WireFormatController } from './wire-format/wire-format.controller.js';
import { WorkersController } from './workers/workers.controller.js';

/** How the admin API is mounted. */
export interface PostackAdminOptions {
  /** The path that the routes are below: `postack` makes `/postack/events`. A global prefix comes before it. */
  path: string;
  /**
   * Class of the guard that decides who may use the API: it shows texts and phone numbers, and changes what is sent.
   * Its dependencies come from global modules or from `imports`.
   */
  guard: Type<CanActivate>;
  /** Modules that export what the guard needs, and `PostackModule` when that is not global. Default: none. */
  imports?: ModuleMetadata['imports'];
}

/** The admin API, one controller per resource: for operators, and for tools of yours. */
@Module({
  controllers: [
    EventsController,
    ReplaysController,
    DeadLettersController,
    ListenersController,
    WorkersController,
    MessagesController,
    OutboxController,
    ReplyRulesController,
    OptOutsController,
    FailuresController,
    SuppressionsController,
    AlertsController,
    ReportsController,
    WireFormatController,
  ],
  providers: [AdminGuard],
})
export class PostackAdminModule implements OnModuleInit {
  /**
   * Mounts the admin API in an application that imports `PostackModule`.
   *
   * @throws {ConfigurationError} when there is no guard, or the path is none.
   */
  static forRoot({ path, guard, imports = [] }: PostackAdminOptions): DynamicModule {
    // Not every host is compiled with types.
    const problems = [
      typeof path !== 'string' || !/^\/?[\w.~-]+(?:\/[\w.~-]+)*$/.test(path)
        ? '"path" must look like postack'
        : '',
      typeof guard !== 'function'
        ? '"guard" must be the class of a guard: the API shows texts and phone numbers'
        : '',
    ].filter(Boolean);
    if (problems.length > 0) throw new ConfigurationError('PostackAdminModule options', problems);
    return {
      module: PostackAdminModule,
      imports: [...imports, RouterModule.register([{ path, module: PostackAdminModule }])],
      providers: [guard, { provide: ADMIN_GUARD, useExisting: guard }],
    };
  }

  constructor(private readonly adapterHost: HttpAdapterHost) {}

  /** Fastify refuses a content type without a parser. Lists are read as streams, as on Express. */
  onModuleInit(): void {
    const { httpAdapter } = this.adapterHost;
    if (httpAdapter.getType() !== 'fastify') return;
    const fastify = httpAdapter.getInstance<ContentTypes>();
    if (!fastify.hasContentTypeParser('text/csv')) {
      fastify.addContentTypeParser('text/csv', (_request, _payload, done) => {
        done(null);
      });
    }
  }
}

/** What is used of a Fastify instance. */
interface ContentTypes {
  hasContentTypeParser(type: string): boolean;
  addContentTypeParser(
    type: string,
    parser: (request: unknown, payload: unknown, done: (error: null) => void) => void,
  ): void;
}
