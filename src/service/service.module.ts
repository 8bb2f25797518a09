import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { PostackModule } from '../postack.module.js';
import type { PostackModuleOptions } from '../postack.options.js';
import { AdminKeyGuard } from './admin/admin-key.guard.js';
import { AlertsController } from './admin/alerts/alerts.controller.js';
import { DeadLettersController } from './admin/dead-letters/dead-letters.controller.js';
import { EventsController } from './admin/events/events.controller.js';
import { FailuresController } from './admin/failures/failures.controller.js';
import { HealthController } from './health/health.controller.js';
import { ListenersController } from './admin/listeners/listeners.controller.js';
import { MessagesController } from './admin/messages/messages.controller.js';
import { OptOutsController } from './admin/opt-outs/opt-outs.controller.js';
import { OutboxController } from './admin/outbox/outbox.controller.js';
import { ReplyRulesController } from './admin/reply-rules/reply-rules.controller.js';
import { ReportsController } from './admin/reports/reports.controller.js';
import { ReplaysController } from './admin/replays/replays.controller.js';
import { SuppressionsController } from './admin/suppressions/suppressions.controller.js';
import { ProblemDetailsFilter } from './problem-details.filter.js';
import { validationPipe } from './admin/http/validation.pipe.js';
import { Readiness } from './health/readiness.js';
import { SERVICE_SETTINGS, type ServiceSettings } from './config/service.settings.js';
import { TrafficLogObserver } from './traffic-log.observer.js';

/** Lends the service's data source to `PostackModule`, as a host's `TypeOrmModule` would. */
@Module({})
class ServiceDatabaseModule {
  static with(dataSource: DataSource): DynamicModule {
    const provider = { provide: DataSource, useValue: dataSource };
    return { module: ServiceDatabaseModule, global: true, providers: [provider], exports: [DataSource] };
  }
}

/** The deployable shell around `PostackModule`: health and admin API. */
@Module({})
export class ServiceModule {
  static with(
    options: PostackModuleOptions,
    settings: ServiceSettings,
    dataSource: DataSource,
  ): DynamicModule {
    return {
      module: ServiceModule,
      imports: [ServiceDatabaseModule.with(dataSource), PostackModule.forRoot(options)],
      controllers: [
        HealthController,
        EventsController,
        ReplaysController,
        DeadLettersController,
        ListenersController,
        MessagesController,
        OutboxController,
        ReplyRulesController,
        OptOutsController,
        FailuresController,
        SuppressionsController,
        AlertsController,
        ReportsController,
      ],
      providers: [
        { provide: SERVICE_SETTINGS, useValue: settings },
        AdminKeyGuard,
        Readiness,
        TrafficLogObserver,
        { provide: APP_FILTER, useClass: ProblemDetailsFilter },
        { provide: APP_PIPE, useFactory: validationPipe },
      ],
    };
  }
}
