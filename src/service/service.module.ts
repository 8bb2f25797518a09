import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import type { DataSource } from 'typeorm';
import { PostackModule } from '../postack.module.js';
import type { PostackModuleOptions } from '../postack.options.js';
import { AdminModule } from './admin/admin.module.js';
import { validationPipe } from './admin/validation/validation.pipe.js';
import type { ServiceSettings } from './config/service.settings.js';
import { HealthModule } from './health/health.module.js';
import { ProblemDetailsFilter } from './problem-details.filter.js';
import { ServiceDatabaseModule } from './service-database.module.js';
import { TrafficLogObserver } from './traffic-log.observer.js';

/** The standalone service: `PostackModule`, its admin API and health checks. */
@Module({
  imports: [HealthModule],
  providers: [
    TrafficLogObserver,
    { provide: APP_FILTER, useClass: ProblemDetailsFilter },
    { provide: APP_PIPE, useFactory: validationPipe },
  ],
})
export class ServiceModule {
  static with(
    options: PostackModuleOptions,
    settings: ServiceSettings,
    dataSource: DataSource,
  ): DynamicModule {
    return {
      module: ServiceModule,
      imports: [
        ServiceDatabaseModule.with(dataSource),
        PostackModule.forRoot(options),
        AdminModule.with(settings),
      ],
    };
  }
}
